namespace Parcae.Grains;

/// <summary>Where a replica's time went since its generation began: counters that only grow, seconds of its training thread.</summary>
/// <param name="Stage">Its stage.</param>
/// <param name="Steps">Steps done in the generation.</param>
/// <param name="BusySeconds">Computing: forward and backward passes, optimizer.</param>
/// <param name="PipelineWaitSeconds">Waiting for activations and gradients of neighbouring stages.</param>
/// <param name="ReduceWaitSeconds">Waiting for the gradients of the stage's other replicas.</param>
/// <param name="BarrierWaitSeconds">Waiting at the commit barrier.</param>
[GenerateSerializer, Immutable, Alias("parcae.StageTiming")]
public sealed record StageTiming(
    [property: Id(0)] int Stage,
    [property: Id(1)] int Steps,
    [property: Id(2)] double BusySeconds,
    [property: Id(3)] double PipelineWaitSeconds,
    [property: Id(4)] double ReduceWaitSeconds,
    [property: Id(5)] double BarrierWaitSeconds);

/// <summary>The last that a replica told of where its time goes.</summary>
/// <param name="InstanceId">The replica's instance.</param>
/// <param name="Timing">Its counters.</param>
[GenerateSerializer, Immutable, Alias("parcae.InstanceTiming")]
public sealed record InstanceTiming([property: Id(0)] string InstanceId, [property: Id(1)] StageTiming Timing);
