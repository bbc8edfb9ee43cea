using Parcae.Liveput.Simulation.Policies.Checkpointing;

namespace Parcae.Liveput.Simulation.Policies.Redundancy;

/// <summary>What <see cref="RedundantPolicy"/> can be told.</summary>
public sealed record RedundantOptions
{
    /// <summary>The depth of all pipelines for the whole run; null, the default, for the smallest feasible depth times <see cref="OverProvision"/>.</summary>
    public int? Depth { get; init; }

    /// <summary>How much deeper pipelines must be to have memory for the neighbour's stage too, at least 1. The default value is 1.5, as the paper recommends.</summary>
    public double OverProvision { get; init; } = 1.5;

    /// <summary>Of a stage's work, the share of the forward pass, which is done for the neighbour too. The default value is 1/3: a backward pass is twice a forward pass.</summary>
    public double ForwardShare { get; init; } = 1.0 / 3;

    /// <summary>
    /// Of the redundant work, the share that fits into pipeline bubbles. The default value is 0.5: then a step takes 1 + 1/3 * (1 - 0.5) = 1.17 times as long, in the middle of the overheads of about 10 % (ResNet) and 20 % (BERT) that
    /// were measured for eager forward and lazy backward redundancy.
    /// </summary>
    public double HiddenShare { get; init; } = 0.5;

    /// <summary>Until a broken connection is noticed, milliseconds. The default value is 1000.</summary>
    public double DetectionMs { get; init; } = 1000;

    /// <summary>Checkpoints for losses that redundancy does not cover.</summary>
    public CheckpointOptions Checkpoints { get; init; } = new();

    /// <summary>Throughput with redundant computation over throughput without, above 0 and at most 1.</summary>
    public double Factor => 1 / (1 + (ForwardShare * (1 - HiddenShare)));

    /// <summary>Throws <see cref="ArgumentOutOfRangeException"/> when a value is out of range.</summary>
    internal void Validate()
    {
        if (Depth is < 1) throw new ArgumentOutOfRangeException(nameof(Depth), Depth, "A depth must be at least 1.");
        if (!(OverProvision >= 1) || !double.IsFinite(OverProvision)) throw new ArgumentOutOfRangeException(nameof(OverProvision), OverProvision, "Over-provisioning must be at least 1.");
        if (!(ForwardShare >= 0 && ForwardShare <= 1)) throw new ArgumentOutOfRangeException(nameof(ForwardShare), ForwardShare, "A share must be from 0 to 1.");
        if (!(HiddenShare >= 0 && HiddenShare <= 1)) throw new ArgumentOutOfRangeException(nameof(HiddenShare), HiddenShare, "A share must be from 0 to 1.");
        if (!(DetectionMs >= 0) || !double.IsFinite(DetectionMs)) throw new ArgumentOutOfRangeException(nameof(DetectionMs), DetectionMs, "Detection takes at least 0 ms.");
        Checkpoints.Validate();
    }
}
