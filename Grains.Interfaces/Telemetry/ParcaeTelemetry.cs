using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Parcae.Grains.Telemetry;

/// <summary>
/// The one activity source and meter of the system, both named <c>Parcae</c>. A reconfiguration is one trace:
/// <c>reconfigure</c> &gt; <c>forecast</c>, <c>plan</c>, <c>assign</c>, <c>prepare</c> &gt; <c>transfer</c>, <c>switch</c>, <c>resume</c>.
/// </summary>
public static class ParcaeTelemetry
{
    /// <summary>Name of the source and the meter.</summary>
    public const string Name = "Parcae";

    /// <summary>Starts every span of Parcae's own.</summary>
    public static ActivitySource Activities { get; } = new(Name);

    /// <summary>Owns every instrument of Parcae's own.</summary>
    public static Meter Meter { get; } = new(Name);

    /// <summary>Samples of committed steps.</summary>
    public static Counter<long> Samples { get; } = Meter.CreateCounter<long>("parcae.training.samples", "{sample}");

    /// <summary>Wall time of one optimizer step, seconds.</summary>
    public static Histogram<double> StepDuration { get; } = Meter.CreateHistogram<double>("parcae.training.step.duration", "s");

    /// <summary>Steps that were skipped on account of a gradient that is not finite.</summary>
    public static Counter<long> SkippedSteps { get; } = Meter.CreateCounter<long>("parcae.training.skipped_steps", "{step}");

    /// <summary>Liveput of the current plan, samples per second (the paper, section 5).</summary>
    public static Gauge<double> Liveput { get; } = Meter.CreateGauge<double>("parcae.liveput", "{sample}/s");

    /// <summary>Instances that are usable now.</summary>
    public static Gauge<int> InstancesAvailable { get; } = Meter.CreateGauge<int>("parcae.instances.available", "{instance}");

    /// <summary>Instances lost, tagged <c>noticed</c> true or false.</summary>
    public static Counter<long> Preemptions { get; } = Meter.CreateCounter<long>("parcae.preemptions", "{preemption}");

    /// <summary>From the decision to the resumed training, seconds, tagged <c>kind</c>.</summary>
    public static Histogram<double> ReconfigurationDuration { get; } = Meter.CreateHistogram<double>("parcae.reconfiguration.duration", "s");

    /// <summary>How long training stood still for a reconfiguration, seconds, tagged <c>kind</c>.</summary>
    public static Histogram<double> ReconfigurationPause { get; } = Meter.CreateHistogram<double>("parcae.reconfiguration.pause", "s");

    /// <summary>Bytes of model and optimizer state moved between peers.</summary>
    public static Counter<long> TransferBytes { get; } = Meter.CreateCounter<long>("parcae.transfer.bytes", "By");

    /// <summary>Committed steps that the state vault's copy lacks, tagged <c>job</c>.</summary>
    public static Gauge<int> VaultLag { get; } = Meter.CreateGauge<int>("parcae.vault.lag", "{step}");

    /// <summary>Writing a checkpoint, seconds, tagged <c>written</c> true or false.</summary>
    public static Histogram<double> CheckpointDuration { get; } = Meter.CreateHistogram<double>("parcae.checkpoint.duration", "s");

    /// <summary>One planning decision, seconds.</summary>
    public static Histogram<double> PlanningDuration { get; } = Meter.CreateHistogram<double>("parcae.planning.duration", "s");

    /// <summary>Money spent on instances since the job began.</summary>
    public static Counter<double> Cost { get; } = Meter.CreateCounter<double>("parcae.cost", "USD");
}
