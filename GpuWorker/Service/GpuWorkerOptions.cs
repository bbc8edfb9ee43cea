using Parcae.Grains;

namespace Parcae.GpuWorker.Service;

/// <summary>Settings of the GPU worker (or state vault) that a silo hosts.</summary>
public sealed class GpuWorkerOptions
{
    /// <summary>Id of the instance, unique among all that ever were.</summary>
    public string InstanceId { get; set; } = "";

    /// <summary>Whether this instance trains or keeps the state vault; <see cref="GpuWorkerExtensions"/> sets it. The default value is <see cref="InstanceRole.Worker"/>.</summary>
    public InstanceRole Role { get; set; } = InstanceRole.Worker;

    /// <summary>Address at which peers reach the data plane. The default value is <c>127.0.0.1</c>.</summary>
    public string Host { get; set; } = "127.0.0.1";

    /// <summary>Port of the data plane; 0: any free one. The default value is 0.</summary>
    public int Port { get; set; }

    /// <summary>The fleet to join. The default value is <c>default</c>.</summary>
    public string Fleet { get; set; } = ParcaeNames.DefaultFleet;

    /// <summary>Availability zone. The default value is <c>local</c>.</summary>
    public string Zone { get; set; } = "local";

    /// <summary>USD per hour. The default value is 0.918.</summary>
    public double PricePerHour { get; set; } = 0.918;

    /// <summary>For the vault: folder of its checkpoints. The default value is <c>checkpoints</c>.</summary>
    public string CheckpointFolder { get; set; } = "checkpoints";

    /// <summary>Where the files that jobs name must lie: data, vocabularies, weights, caches. The default value is null: anywhere.</summary>
    public AllowedFolders? DataFolders { get; set; }

    /// <summary>For the vault: where its checkpoints are kept too, <c>s3://BUCKET/PREFIX</c>. The default value is null: nowhere.</summary>
    public string? CheckpointBucket { get; set; }

    /// <summary>Address of the S3-compatible server. The default value is null: AWS.</summary>
    public string? BucketEndpoint { get; set; }

    /// <summary>The bucket's region. The default value is null: as the environment, the profile or the instance says; <c>us-east-1</c> where there is an endpoint.</summary>
    public string? BucketRegion { get; set; }

    /// <summary>Whether the bucket's name stands in the path of requests and not in the name of the host. The default value is false.</summary>
    public bool BucketPathStyle { get; set; }

    /// <summary>What a worker computes on: <c>auto</c> (the first GPU, else the CPU), <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>. The default value is <c>auto</c>. A state vault is always on the CPU.</summary>
    public string Device { get; set; } = "auto";

    /// <summary>Threads that Torch uses. The default value is 1, which several workers on one machine need; results are bit-identical only among workers with the same number.</summary>
    public int TorchThreads { get; set; } = 1;

    /// <summary>Silence, seconds, after which a peer counts as lost; the same on all instances. The default value is 5.</summary>
    public double HeartbeatSeconds { get; set; } = 5;

    /// <summary>Time, seconds, after which a thread that computes without a sign of getting on counts as hung. The default value is 60.</summary>
    public double StallSeconds { get; set; } = 60;

    /// <summary>Whether faults may be injected here (<see cref="IGpuWorker.Inject"/>). The default value is false.</summary>
    public bool Faults { get; set; }

    /// <summary>Has the process vanish (<see cref="IGpuWorker.Vanish"/>) soon after it returns; null: replays are not allowed here. The default value is null.</summary>
    public Action<VanishOrder>? Vanish { get; set; }
}
