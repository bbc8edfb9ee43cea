namespace Parcae.Grains;

/// <summary>Where in a worker's life a fault can be injected.</summary>
public enum FaultPoint
{
    /// <summary>Before the forward pass of a micro-batch.</summary>
    BeforeForward,

    /// <summary>Between a stage's layers, while its gradients are being summed over the replicas.</summary>
    MidAllReduce,

    /// <summary>Behind the commit barrier, before the optimizer: the step counts, this replica has not applied it.</summary>
    AfterNormBeforeStep,

    /// <summary>Behind the optimizer, before the step's result is noted and reported.</summary>
    AfterStepBeforeReport,

    /// <summary>Between the parts of a layer that is being sent to a peer, fetched or followed.</summary>
    MidTransfer,

    /// <summary>While a generation is being switched to: old layers are gone, training has not begun.</summary>
    MidSwitch,

    /// <summary>In the state vault, between the layers of a step that is being applied.</summary>
    VaultApply,
}

/// <summary>What happens at a fault point.</summary>
public enum FaultKind
{
    /// <summary>The process ends at once, as by SIGKILL.</summary>
    Kill,

    /// <summary>The thread stops there for good, as when a device hangs; the process goes on answering.</summary>
    Hang,

    /// <summary>One connection of the data plane breaks.</summary>
    CutConnection,

    /// <summary>All connections of the data plane are slow for a while.</summary>
    SlowLink,

    /// <summary>A bit of what is sent next is flipped on the way.</summary>
    CorruptFrame,
}

/// <summary>A fault to inject, once.</summary>
/// <param name="Point">Where.</param>
/// <param name="Kind">What.</param>
/// <param name="Passages">At which passage of the point from now on, from 1.</param>
[GenerateSerializer, Immutable, Alias("parcae.FaultOrder")]
public sealed record FaultOrder([property: Id(0)] FaultPoint Point, [property: Id(1)] FaultKind Kind, [property: Id(2)] int Passages = 1);
