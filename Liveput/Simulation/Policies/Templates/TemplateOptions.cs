using Parcae.Liveput.Simulation.Policies.Checkpointing;

namespace Parcae.Liveput.Simulation.Policies.Templates;

/// <summary>What <see cref="TemplatePolicy"/> can be told.</summary>
public sealed record TemplateOptions
{
    /// <summary>f: losses at once that must leave a copy of every layer, so that there are f + 1 pipelines at least, as long as there are instances for them. The default value is 1.</summary>
    public int FaultTolerance { get; init; } = 1;

    /// <summary>Checkpoints for when the last copy of a layer is lost.</summary>
    public CheckpointOptions Checkpoints { get; init; } = new();

    /// <summary>Throws <see cref="ArgumentOutOfRangeException"/> when a value is out of range.</summary>
    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(FaultTolerance);
        Checkpoints.Validate();
    }
}
