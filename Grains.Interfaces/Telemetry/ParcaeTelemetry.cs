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

    /// <summary>Samples of committed steps, tagged <c>job</c>.</summary>
    public static Counter<long> Samples { get; } = Meter.CreateCounter<long>("parcae.training.samples", "{sample}");

    /// <summary>Wall time of a committed step on the worker that reported it, seconds, tagged <c>job</c>.</summary>
    public static Histogram<double> StepDuration { get; } = Seconds("parcae.training.step.duration");

    /// <summary>Steps that were skipped on account of a gradient that is not finite, tagged <c>job</c>.</summary>
    public static Counter<long> SkippedSteps { get; } = Meter.CreateCounter<long>("parcae.training.skipped_steps", "{step}");

    /// <summary>Samples of committed steps that no report covers, counted at the end of each interval, tagged <c>job</c>: always 0 unless something is wrong.</summary>
    public static Gauge<long> SamplesLost { get; } = Meter.CreateGauge<long>("parcae.training.samples_lost", "{sample}");

    /// <summary>Samples that went into the committed state more than once, counted at the end of each interval, tagged <c>job</c>: always 0 unless something is wrong.</summary>
    public static Gauge<long> SamplesRepeated { get; } = Meter.CreateGauge<long>("parcae.training.samples_repeated", "{sample}");

    /// <summary>Liveput of the current plan, samples per second (the paper, section 5), tagged <c>job</c>.</summary>
    public static Gauge<double> Liveput { get; } = Meter.CreateGauge<double>("parcae.liveput", "{sample}/s");

    /// <summary>Instances that are usable now, tagged <c>fleet</c>.</summary>
    public static Gauge<int> InstancesAvailable { get; } = Meter.CreateGauge<int>("parcae.instances.available", "{instance}");

    /// <summary>Instances lost, tagged <c>noticed</c> true or false.</summary>
    public static Counter<long> Preemptions { get; } = Meter.CreateCounter<long>("parcae.preemptions", "{preemption}");

    /// <summary>From the decision to the resumed training, seconds, tagged <c>job</c> and <c>kind</c>.</summary>
    public static Histogram<double> ReconfigurationDuration { get; } = Seconds("parcae.reconfiguration.duration");

    /// <summary>How long training stood still for a reconfiguration, seconds, tagged <c>job</c> and <c>kind</c>.</summary>
    public static Histogram<double> ReconfigurationPause { get; } = Seconds("parcae.reconfiguration.pause");

    /// <summary>The control plane's own part of that, without the transfers, seconds, tagged <c>job</c> and <c>kind</c>.</summary>
    public static Histogram<double> ReconfigurationCommit { get; } = Seconds("parcae.reconfiguration.commit");

    /// <summary>Bytes of model and optimizer state moved between peers, counted where they arrive, tagged <c>job</c>.</summary>
    public static Counter<long> TransferBytes { get; } = Meter.CreateCounter<long>("parcae.transfer.bytes", "By");

    /// <summary>Committed steps that the state vault's copy lacks, tagged <c>job</c>.</summary>
    public static Gauge<int> VaultLag { get; } = Meter.CreateGauge<int>("parcae.vault.lag", "{step}");

    /// <summary>Writing a checkpoint, seconds, tagged <c>written</c> true or false.</summary>
    public static Histogram<double> CheckpointDuration { get; } = Seconds("parcae.checkpoint.duration");

    /// <summary>Bringing a checkpoint into the bucket, seconds, tagged <c>written</c> true or false: one try.</summary>
    public static Histogram<double> CheckpointUploadDuration { get; } = Seconds("parcae.checkpoint.upload.duration");

    /// <summary>Checkpoints that are not in the bucket yet.</summary>
    public static Gauge<int> CheckpointsWaiting { get; } = Meter.CreateGauge<int>("parcae.checkpoint.upload.waiting", "{checkpoint}");

    /// <summary>Time since the first checkpoint of a job was written that is newer than what the bucket has of it, seconds, of the job where it is longest; 0: the bucket has the newest ones.</summary>
    public static Gauge<double> CheckpointUploadAge { get; } = Meter.CreateGauge<double>("parcae.checkpoint.upload.age", "s");

    /// <summary>One planning decision, its forecast in it, seconds, tagged <c>job</c>.</summary>
    public static Histogram<double> PlanningDuration { get; } = Seconds("parcae.planning.duration");

    /// <summary>Money spent on instances since the job began, tagged <c>job</c>.</summary>
    public static Counter<double> Cost { get; } = Meter.CreateCounter<double>("parcae.cost", "USD");

    /// <summary>When a certificate of this silo ends, seconds since 1970, tagged <c>certificate</c>: <c>members</c> (silos, workers, clients) or <c>http</c>.</summary>
    public static Gauge<double> CertificateExpiry { get; } = Meter.CreateGauge<double>("parcae.tls.certificate_expiry", "s");

    /// <summary>From a plan of a small fleet to a step of a large model.</summary>
    private static Histogram<double> Seconds(string name) => Meter.CreateHistogram(
        name, "s", null, null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100] });
}
