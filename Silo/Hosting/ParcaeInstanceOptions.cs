using System.ComponentModel.DataAnnotations;
using Parcae.Grains;
using Parcae.Grains.Hosting;
using Parcae.Silo.Hosting.Validation;

namespace Parcae.Silo;

/// <summary>What a control silo's state vault and a worker have in common: an instance of a fleet with a data plane.</summary>
public abstract class ParcaeInstanceOptions
{
    /// <summary>Id of the instance; the same id again is taken for the same machine, started anew. The default value is null: the role and a fresh random suffix.</summary>
    public string? InstanceId { get; set; }

    /// <summary>Address at which peers reach the data plane. The default value is <c>127.0.0.1</c>: this machine only.</summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "must be an IP address or a host name")]
    public string Host { get; set; } = "127.0.0.1";

    /// <summary>Port of the data plane; 0: any free one. The default value is 0.</summary>
    [Port]
    public int DataPort { get; set; }

    /// <summary>Folders in which the files that jobs name must lie: data, vocabularies, weights, caches; the same on all silos. The default value is empty: anywhere.</summary>
    public IList<string> DataFolders { get; } = [];

    /// <summary>The fleet to join. The default value is <c>default</c>.</summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "must be a name")]
    public string Fleet { get; set; } = ParcaeNames.DefaultFleet;

    /// <summary>Availability zone of the instance. The default value is <c>local</c>.</summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "must be a name")]
    public string Zone { get; set; } = "local";

    /// <summary>USD per hour. The default value is 0.918: a p3.2xlarge spot instance.</summary>
    [Range(0, 1e6, ErrorMessage = "must be a price in USD per hour, at least 0")]
    public double PricePerHour { get; set; } = 0.918;

    /// <summary>Length of a planning interval; the same on all silos (<see cref="FleetOptions.Interval"/>). The default value is 60 seconds.</summary>
    [Seconds(0.1, 86400)]
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Silence of a peer's data plane after which it counts as lost; the same on all silos. The default value is 5 seconds.</summary>
    [Seconds(0.1, 600)]
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Time after which a thread that computes without a sign of getting on counts as hung: longer than the longest pass of a micro-batch through a stage. The default value is 60 seconds.</summary>
    [Seconds(0.1, 86400)]
    public TimeSpan StallTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Time that the instance takes to stop when its host is told to while something needs it; zero: it stops at once. The default value is 25 seconds.</summary>
    [Seconds(0, 86400)]
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(25);

    /// <summary>Whether faults may be injected at named points (for tests of what the service promises). The default value is false.</summary>
    public bool Faults { get; set; }
}

/// <summary>A control silo: the grains' weight and a state vault.</summary>
public sealed class ParcaeControlOptions : ParcaeInstanceOptions
{
    /// <summary>Folder of the state vault's checkpoints. The default value is <c>checkpoints</c>.</summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "must be a folder")]
    public string Checkpoints { get; set; } = "checkpoints";

    /// <summary>Where checkpoints are kept too, <c>s3://BUCKET/PREFIX</c>; one prefix for each service, the same on all its control silos. Credentials come from the AWS SDK's default chain. The default value is null: nowhere.</summary>
    [BucketAddress]
    public string? CheckpointBucket { get; set; }

    /// <summary>Address of the S3-compatible server that has the bucket. The default value is null: AWS.</summary>
    [HttpAddress]
    public string? BucketEndpoint { get; set; }

    /// <summary>The bucket's region. The default value is null: as the environment, the profile or the instance says; <c>us-east-1</c> where there is an endpoint.</summary>
    [RegularExpression("[a-z0-9-]{1,64}", ErrorMessage = "must be a region such as eu-west-1")]
    public string? BucketRegion { get; set; }

    /// <summary>Whether the bucket's name stands in the path of requests and not in the name of the host. The default value is false.</summary>
    public bool BucketPathStyle { get; set; }

    /// <summary>The most worker instances that all jobs of a submitter may hold together, by submitter; whom it does not name has no limit. The same on all control silos. The default value is empty.</summary>
    public Dictionary<string, int> Quotas { get; } = new(StringComparer.Ordinal);
}

/// <summary>A worker silo: one preemptible instance that trains.</summary>
public sealed class ParcaeWorkerOptions : ParcaeInstanceOptions
{
    /// <summary>What it computes on. The default value is <c>auto</c>: the first GPU that Torch can use, else the CPU.</summary>
    [RegularExpression("auto|cpu|cuda(:[0-9]+)?", ErrorMessage = "must be auto, cpu, cuda or cuda:N")]
    public string Device { get; set; } = "auto";

    /// <summary>Threads that Torch uses for training. The default value is 1; all workers of a job must have the same number, or their results differ in the last bits.</summary>
    [Range(1, 1024, ErrorMessage = "must be a number of threads from 1 to 1024")]
    public int Threads { get; set; } = 1;
}
