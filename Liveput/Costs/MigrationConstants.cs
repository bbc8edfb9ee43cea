namespace Parcae.Liveput.Costs;

/// <summary>Time for agreeing on a change, by kind, without the transfer of state.</summary>
public sealed record MigrationConstants
{
    /// <summary>Halt, new routes, go: seconds, at least 0. The default value is 0.1 s.</summary>
    public double IntraStageSeconds { get; init; } = 0.1;

    /// <summary>The same with replicas that must be prepared: seconds, at least 0. The default value is 0.2 s.</summary>
    public double InterStageSeconds { get; init; } = 0.2;

    /// <summary>The same with every stage cut anew: seconds, at least 0. The default value is 0.3 s.</summary>
    public double PipelineSeconds { get; init; } = 0.3;

    /// <summary>The first plan, or one after a pause: every replica gets its layers: seconds, at least 0. The default value is 0.5 s.</summary>
    public double StartSeconds { get; init; } = 0.5;
}
