using Parcae.Grains;

namespace Parcae.Client;

/// <summary>A job in figures, as of one moment.</summary>
public sealed record JobMetrics
{
    /// <summary>The job.</summary>
    public required string JobId { get; init; }

    /// <summary>Where it is in its life.</summary>
    public required JobPhase Phase { get; init; }

    /// <summary>Committed steps.</summary>
    public required int CommittedStep { get; init; }

    /// <summary>Steps that it is to do, or null: until told to finish.</summary>
    public int? Steps { get; init; }

    /// <summary>Loss of the last committed step, nats per token, or null.</summary>
    public double? Loss { get; init; }

    /// <summary>The last validation loss that was measured, or null.</summary>
    public double? ValidationLoss { get; init; }

    /// <summary>Samples per second over the last seconds.</summary>
    public required double SamplesPerSecond { get; init; }

    /// <summary>Samples per second since the job was submitted, pauses included.</summary>
    public required double MeanSamplesPerSecond { get; init; }

    /// <summary>Expected samples per second of the plan in force over what may be preempted, or null without a plan.</summary>
    public double? Liveput { get; init; }

    /// <summary>Samples in committed steps.</summary>
    public required long SamplesCommitted { get; init; }

    /// <summary>Worker instances that the job holds.</summary>
    public required int Instances { get; init; }

    /// <summary>What all instances that it holds cost, USD per hour; null where none of them has a price.</summary>
    public double? UsdPerHour { get; init; }

    /// <summary>Money spent so far, USD.</summary>
    public required double CostUsd { get; init; }

    /// <summary>Money spent for a million samples so far, USD; null before the first one, and where nothing was spent.</summary>
    public double? UsdPerMillionSamples => CostUsd > 0 && SamplesCommitted > 0 ? CostUsd / SamplesCommitted * 1e6 : null;

    /// <summary>Changes of the plan by kind, the first generation left out.</summary>
    public required IReadOnlyDictionary<MigrationKind, int> Reconfigurations { get; init; }

    /// <summary>Mean time that training stood still for a change, milliseconds; null without one.</summary>
    public double? MeanPauseMilliseconds { get; init; }

    /// <summary>The accounts.</summary>
    public required JobLedger Ledger { get; init; }

    /// <summary>The figures of a job.</summary>
    /// <param name="status">The job.</param>
    /// <param name="history">Its generations and spec.</param>
    /// <param name="fleet">Its fleet.</param>
    public static JobMetrics Of(JobStatus status, JobHistory history, FleetSnapshot fleet)
    {
        ArgumentNullException.ThrowIfNull(status);
        ArgumentNullException.ThrowIfNull(history);
        ArgumentNullException.ThrowIfNull(fleet);
        var held = fleet.Instances.Where(i => i.JobId == status.JobId).ToArray();
        var changes = history.Generations.Where(g => g.Kind != MigrationKind.Start).ToArray();
        double seconds = (history.At - history.SubmittedAt).TotalSeconds, price = held.Sum(i => i.Info.PricePerHour);
        return new JobMetrics
        {
            JobId = status.JobId,
            Phase = status.Phase,
            CommittedStep = status.CommittedStep,
            Steps = history.Spec.Training.Steps,
            Loss = status.Loss,
            ValidationLoss = status.ValidationLoss,
            SamplesPerSecond = status.SamplesPerSecond,
            MeanSamplesPerSecond = seconds > 0 ? status.Ledger.SamplesCommitted / seconds : 0,
            Liveput = status.Phase is JobPhase.Training or JobPhase.Reconfiguring ? status.LastReconfiguration?.Liveput : null,
            SamplesCommitted = status.Ledger.SamplesCommitted,
            Instances = held.Count(i => i.Info.Role == InstanceRole.Worker),
            UsdPerHour = price > 0 ? price : null,
            CostUsd = status.CostUsd,
            Reconfigurations = changes.CountBy(g => g.Kind).ToDictionary(),
            MeanPauseMilliseconds = changes.Length > 0 ? changes.Average(g => g.PauseMilliseconds) : null,
            Ledger = status.Ledger,
        };
    }
}
