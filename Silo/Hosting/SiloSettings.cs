using System.ComponentModel.DataAnnotations;
using Parcae.Grains;
using Parcae.Grains.Security;
using Parcae.Silo.Availability;
using Parcae.Silo.Hosting.Validation;

namespace Parcae.Silo.Hosting;

/// <summary>
/// Every setting of the program. Read from <c>appsettings.json</c> (section <c>Parcae</c>), then the file of <c>--config</c>, then the environment (<c>PARCAE_REDIS</c>), then the command line (<c>--redis</c>); the later one
/// wins. The summaries are what <c>--help</c> prints.
/// </summary>
internal sealed class SiloSettings
{
    /// <summary>A silo that is both.</summary>
    public const string AllRole = "all";

    /// <summary>What the silo is: <c>control</c> (grains, HTTP, the state vault), <c>worker</c> (one GPU worker), or <c>all</c> (both in one process, for a single machine). The default value is <c>control</c>.</summary>
    [RegularExpression("control|worker|all", ErrorMessage = "must be control, worker or all")]
    public string Role { get; set; } = ParcaeNames.ControlRole;

    /// <summary>A file of settings besides <c>appsettings.json</c>, of the same form; it wins over that one. The default value is null: none.</summary>
    public string? Config { get; set; }

    /// <summary>Redis connection string: <c>redis:6380,user=parcae,ssl=true</c>. A password in it is seen by whoever sees this machine's processes. The default value is <c>127.0.0.1:6379</c>.</summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "must be a Redis connection string such as 127.0.0.1:6379")]
    public string Redis { get; set; } = "127.0.0.1:6379";

    /// <summary>A file with the password of Redis, on one line and nothing else. Read at the start, as all files of Redis. The default value is null: the connection string has it, or there is none.</summary>
    public string? RedisPasswordFile { get; set; }

    /// <summary>A PEM file with the authority of Redis' certificate, or several of which one must be it; then TLS is spoken. The default value is null: with <c>ssl=true</c> in the connection string, those that this machine trusts.</summary>
    public string? RedisCa { get; set; }

    /// <summary>A PEM file with the certificate that is shown to Redis, where it asks for one, and those between it and its authority; then TLS is spoken. The default value is null: none.</summary>
    public string? RedisCertificate { get; set; }

    /// <summary>A PEM file with the key of that certificate, without a password; its rights should keep others from reading it. The default value is null: the key is in the same file.</summary>
    public string? RedisKey { get; set; }

    /// <summary>Id of the instance; the same id again is taken for the same machine, started anew. The vault of a silo that is both has <c>-vault</c> at its end. The default value is null: the role and a fresh random suffix.</summary>
    public string? InstanceId { get; set; }

    /// <summary>Address at which other silos and workers reach this machine. The default value is <c>127.0.0.1</c>.</summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "must be an IP address or a host name")]
    public string Host { get; set; } = "127.0.0.1";

    /// <summary>
    /// A file with the secret of the service, at least 32 characters (<c>openssl rand -base64 32</c>), the same on all silos: the secrets by which workers of a job know each other are derived from it. The default value is null: none, and the host must be
    /// this machine (127.0.0.1).
    /// </summary>
    public string? SecretFile { get; set; }

    /// <summary>
    /// A PEM file with the certificate of this silo, good for servers and clients, and those between it and its authority: then silos, workers and clients speak TLS 1.3 with each other, and with nobody who has no certificate of the same authority. The same choice on all
    /// silos. Looked at again when it changes. The default value is null: no TLS.
    /// </summary>
    public string? TlsCertificate { get; set; }

    /// <summary>A PEM file with the key of that certificate, without a password. The default value is null: the key is in the same file.</summary>
    public string? TlsKey { get; set; }

    /// <summary>A PEM file with the certificate of the authority whose certificates make members of the service, a private one; several while one replaces another. The default value is null: no TLS.</summary>
    public string? TlsAuthority { get; set; }

    /// <summary>Orleans silo-to-silo port; 0: any free one. The default value is 11111.</summary>
    [Port]
    public int SiloPort { get; set; } = 11111;

    /// <summary>Orleans client gateway port; 0: no gateway. The default value is null: 30000 on control silos, none on workers.</summary>
    [Port]
    public int? GatewayPort { get; set; }

    /// <summary>Port of the data plane; 0: any free one. The default value is 0.</summary>
    [Port]
    public int DataPort { get; set; }

    /// <summary>Threads that Torch uses for training. The default value is 1; all workers of a job must have the same number, or their results differ in the last bits.</summary>
    [Range(1, 1024, ErrorMessage = "must be a number of threads from 1 to 1024")]
    public int Threads { get; set; } = 1;

    /// <summary>Silence of a peer's data plane, seconds, after which it counts as lost; the same on all silos. The default value is 5.</summary>
    [Seconds(0.1, 600)]
    public double Heartbeat { get; set; } = 5;

    /// <summary>Time, seconds, after which a worker whose training thread does not get on counts as hung: longer than the longest pass of a micro-batch through a stage. The default value is 60.</summary>
    [Seconds(0.1, 86400)]
    public double StallTimeout { get; set; } = 60;

    /// <summary>The folder in which class libraries of users' own models may lie; a job that names one elsewhere is refused. The same on all silos. The default value is null: none is loaded.</summary>
    public string? Plugins { get; set; }

    /// <summary>
    /// Folders in which the files that jobs name must lie (data, vocabularies, weights, caches), with colons between them; a job that names one elsewhere is refused. The same on all silos. The default value is null: whatever this process may read.
    /// </summary>
    public string? DataFolders { get; set; }

    /// <summary>Whether faults may be injected at named points (for tests of what the service promises). The default value is false.</summary>
    public bool Faults { get; set; }

    /// <summary>Whether a worker (not one that is <c>all</c>) may be told by <c>parcae replay</c> to vanish for a while, as a preempted instance does. The default value is false.</summary>
    public bool AllowReplay { get; set; }

    /// <summary>Port of /health and /metrics, and on control silos of the API and the dashboard; 0: any free one. The default value is null: 8080 on control silos, none on workers.</summary>
    [Port]
    public int? HttpPort { get; set; }

    /// <summary>Address that the HTTP port binds to. The default value is <c>127.0.0.1</c>. /health and /metrics ask nobody who they are; the API and the dashboard take a token, or, where none is configured, answer this machine alone.</summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "must be an IP address, or * for all")]
    public string HttpHost { get; set; } = "127.0.0.1";

    /// <summary>A PEM file with the certificate of the HTTP port, and those between it and its authority: then it speaks TLS (1.2 and 1.3) and nothing else. Replaced files are taken up while it runs. The default value is null: no TLS.</summary>
    public string? HttpCertificate { get; set; }

    /// <summary>A PEM file with the key of that certificate, without a password; its rights should keep others from reading it. The default value is null: the key is in the same file.</summary>
    public string? HttpKey { get; set; }

    /// <summary>A file with the tokens of the API, one a line: <c>viewer|submitter|admin NAME SECRET</c>; the same on all control silos. The default value is null: no tokens, and the API answers this machine alone.</summary>
    public string? ApiTokenFile { get; set; }

    /// <summary>Requests a second, on average, that a caller may make of the API; ten times as many at once. The default value is 20.</summary>
    [Range(0.1, 1e6, ErrorMessage = "must be a number of requests a second from 0.1 to 1000000")]
    public double ApiRate { get; set; } = 20;

    /// <summary>Streams of events that a caller of the API may keep open at once. The default value is 32.</summary>
    [Range(1, 100_000, ErrorMessage = "must be a number of streams from 1 to 100000")]
    public int ApiStreams { get; set; } = 32;

    /// <summary>The largest body of a request to the API, bytes. The default value is 1048576.</summary>
    [Range(1024, 1 << 30, ErrorMessage = "must be a number of bytes from 1024 to 1073741824")]
    public int ApiBodyBytes { get; set; } = 1 << 20;

    /// <summary>What an instance costs on demand, USD per hour, for the dashboard to compare with. The default value is null: not known.</summary>
    [Range(0, 1e6, ErrorMessage = "must be a price in USD per hour, at least 0")]
    public double? OnDemandPrice { get; set; }

    /// <summary>Folder of the state vault's checkpoints. The default value is <c>checkpoints</c>.</summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "must be a folder")]
    public string Checkpoints { get; set; } = "checkpoints";

    /// <summary>
    /// Where checkpoints are kept too, <c>s3://BUCKET/PREFIX</c> of S3 or what speaks its protocol; one prefix for each service, the same on all its control silos. Credentials come from the AWS SDK's default chain (environment, profile,
    /// role), never from a setting. The default value is null: nowhere.
    /// </summary>
    [BucketAddress]
    public string? CheckpointBucket { get; set; }

    /// <summary>Address of the S3-compatible server that has the bucket. The default value is null: AWS.</summary>
    [HttpAddress]
    public string? BucketEndpoint { get; set; }

    /// <summary>The bucket's region. The default value is null: as the environment, the profile or the instance says; <c>us-east-1</c> where there is an endpoint.</summary>
    [RegularExpression("[a-z0-9-]{1,64}", ErrorMessage = "must be a region such as eu-west-1")]
    public string? BucketRegion { get; set; }

    /// <summary>Whether the bucket's name stands in the path of requests, which many S3-compatible servers ask for, and not in the name of the host. The default value is false.</summary>
    public bool BucketPathStyle { get; set; }

    /// <summary>What a worker computes on. The default value is <c>auto</c>: the first GPU that Torch can use, else the CPU.</summary>
    [RegularExpression("auto|cpu|cuda(:[0-9]+)?", ErrorMessage = "must be auto, cpu, cuda or cuda:N")]
    public string Device { get; set; } = "auto";

    /// <summary>Length of a planning interval, seconds. The default value is 60.</summary>
    [Seconds(0.1, 86400)]
    public double Interval { get; set; } = 60;

    /// <summary>
    /// The most worker instances that all jobs of a submitter may hold together, as <c>ann=8,bob=4</c>; whom it does not name has no limit. The same on all control silos. The default value is empty: no limits.
    /// </summary>
    [RegularExpression("[^=,]+=[0-9]{1,6}(,[^=,]+=[0-9]{1,6})*", ErrorMessage = "must be names with a number of instances each, such as ann=8,bob=4")]
    public string Quotas { get; set; } = "";

    /// <summary>The fleet to join. The default value is <c>default</c>.</summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "must be a name")]
    public string Fleet { get; set; } = ParcaeNames.DefaultFleet;

    /// <summary>Availability zone of the instance. The default value is <c>local</c>.</summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "must be a name")]
    public string Zone { get; set; } = "local";

    /// <summary>USD per hour. The default value is 0.918: a p3.2xlarge spot instance.</summary>
    [Range(0, 1e6, ErrorMessage = "must be a price in USD per hour, at least 0")]
    public double PricePerHour { get; set; } = 0.918;

    /// <summary>Orleans cluster id. The default value is <c>parcae</c>.</summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "must be a name")]
    public string ClusterId { get; set; } = "parcae";

    /// <summary>Orleans service id; also the prefix of everything in Redis. The default value is <c>parcae</c>.</summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "must be a name")]
    public string ServiceId { get; set; } = "parcae";

    /// <summary>Id of a process to end with (a supervisor that may be killed). The default value is null: none.</summary>
    [Range(1, int.MaxValue, ErrorMessage = "must be a process id")]
    public int? ParentPid { get; set; }

    /// <summary>
    /// Where a worker hears that its instance will be gone: <c>auto</c>, <c>none</c>, or some of <c>aws</c>, <c>azure</c>, <c>google</c>, <c>kubernetes</c> with commas between them. The default value is <c>auto</c>.
    /// </summary>
    [RegularExpression(AvailabilityOptions.SourcesPattern, ErrorMessage = AvailabilityOptions.SourcesRule)]
    public string Availability { get; set; } = AvailabilityOptions.Auto;

    /// <summary>Time between two questions to a source that is asked again and again, seconds. The default value is 5.</summary>
    [Seconds(0.1, 600)]
    public double AvailabilityInterval { get; set; } = 5;

    /// <summary>Whether advice (a rebalance recommendation, a pause of seconds) counts as a notice. The default value is false: it is only logged.</summary>
    public bool AdvisoryNotices { get; set; }

    /// <summary>Whether Azure is told that an event may begin once no job needs the instance. The default value is false.</summary>
    public bool AzureAcknowledge { get; set; }

    /// <summary>Time from Google's notice of a preemption to the loss, seconds. The default value is 30; machines can be made with 120.</summary>
    [Seconds(0, 3600)]
    public double GoogleNotice { get; set; } = 30;

    /// <summary>Base address of the cloud's metadata service. The default value is null: <c>http://169.254.169.254</c>.</summary>
    [HttpAddress]
    public string? MetadataEndpoint { get; set; }

    /// <summary>Base address of the Kubernetes API. The default value is null: as the pod's environment says.</summary>
    [HttpAddress]
    public string? KubernetesEndpoint { get; set; }

    /// <summary>Folder of the pod's service account. The default value is null: where Kubernetes mounts it.</summary>
    public string? ServiceAccount { get; set; }

    /// <summary>
    /// Time, seconds, that a silo takes to stop (SIGTERM): a worker while a job needs it, a control silo for its vault's last checkpoints; 0: it stops at once, without a notice. At least 5 less than what the orchestrator grants. The default value is 25: Kubernetes grants 30.
    /// </summary>
    [Seconds(0, 86400)]
    public double StopTimeout { get; set; } = 25;

    /// <summary>For the embedded store: its port. The default value is 6379.</summary>
    [Port(1)]
    public int Port { get; set; } = 6379;

    /// <summary>For the embedded store: folder of its data. The default value is <c>store</c>.</summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "must be a folder")]
    public string Data { get; set; } = "store";

    /// <summary>All of what is said of Redis.</summary>
    public RedisConnection RedisConnection => new() { Address = Redis, PasswordFile = RedisPasswordFile, Ca = RedisCa, Certificate = RedisCertificate, Key = RedisKey };

    /// <summary>Whether this silo has a control silo's part.</summary>
    public bool IsControl => Role is ParcaeNames.ControlRole or AllRole;

    /// <summary>Whether this silo has a worker.</summary>
    public bool IsWorker => Role is ParcaeNames.WorkerRole or AllRole;

    /// <summary>Port of /health and /metrics as it is in this role; null: none.</summary>
    public int? ActualHttpPort => HttpPort ?? (IsControl ? 8080 : null);

    /// <summary>The client gateway's port as it is in this role; 0: none.</summary>
    public int ActualGatewayPort => GatewayPort ?? (IsControl ? 30000 : 0);

    /// <summary>Every setting that is out of range, as <c>--name value: what would be right</c>.</summary>
    public IReadOnlyList<string> Problems() => [.. AnnotatedOptions.Problems(this).Select(p => $"--{SettingNames.ToOption(p.Member)} {p.Value}: {p.Right}"), .. TogetherProblems()];

    private IEnumerable<string> TogetherProblems()
    {
        if (SecretFile is null && !ServiceSecret.ThisMachine.Allows(Host))
            yield return $"--host {Host}: other machines are let in only with a secret that all silos of the service are given; --secret-file must name a file with one (openssl rand -base64 32 > FILE)";
        if ((TlsCertificate is null) != (TlsAuthority is null))
            yield return $"--tls-certificate {TlsCertificate ?? "(none)"}, --tls-authority {TlsAuthority ?? "(none)"}: both sides show a certificate of one authority; both files must be named, or neither";
        if (TlsKey is not null && TlsCertificate is null) yield return $"--tls-key {TlsKey}: there is no certificate for it; --tls-certificate must name its file";
    }
}
