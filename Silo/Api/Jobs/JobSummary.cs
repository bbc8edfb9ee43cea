using Parcae.Grains;

namespace Parcae.Silo.Api.Jobs;

/// <summary>A job in a list.</summary>
internal sealed record JobSummary
{
    /// <summary>Its id.</summary>
    public required string JobId { get; init; }

    /// <summary>Its name, as submitted.</summary>
    public required string Name { get; init; }

    /// <summary>Where it is in its life.</summary>
    public required JobPhase Phase { get; init; }

    /// <summary>Why it is in this phase, for people.</summary>
    public required string? Reason { get; init; }

    /// <summary>The model in a few words.</summary>
    public required string? Model { get; init; }

    /// <summary>D of the current plan; 0 without one.</summary>
    public required int Pipelines { get; init; }

    /// <summary>P of the current plan; 0 without one.</summary>
    public required int Depth { get; init; }

    /// <summary>Committed steps.</summary>
    public required int CommittedStep { get; init; }

    /// <summary>Steps to train, or null: until told to finish.</summary>
    public required int? Steps { get; init; }

    /// <summary>Loss of the last committed step.</summary>
    public required double? Loss { get; init; }

    /// <summary>Samples per second over the last seconds.</summary>
    public required double SamplesPerSecond { get; init; }

    /// <summary>Money spent, USD.</summary>
    public required double CostUsd { get; init; }

    /// <summary>Worker instances that it may use.</summary>
    public required int Share { get; init; }

    /// <summary>Whether its user has paused it.</summary>
    public required bool PausedByUser { get; init; }

    /// <summary>When it was submitted.</summary>
    public required DateTimeOffset SubmittedAt { get; init; }

    /// <summary>A job as a line of a list.</summary>
    public static JobSummary Of(JobStatus s) => new()
    {
        JobId = s.JobId,
        Name = s.Name,
        Phase = s.Phase,
        Reason = s.Reason,
        Model = s.Model,
        Pipelines = s.Plan?.Pipelines ?? 0,
        Depth = s.Plan?.Depth ?? 0,
        CommittedStep = s.CommittedStep,
        Steps = s.Steps,
        Loss = s.Loss,
        SamplesPerSecond = s.SamplesPerSecond,
        CostUsd = s.CostUsd,
        Share = s.Share,
        PausedByUser = s.PausedByUser,
        SubmittedAt = s.SubmittedAt,
    };
}
