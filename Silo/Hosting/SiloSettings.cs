using System.ComponentModel.DataAnnotations;
using Parcae.Grains;
using Parcae.Silo.Availability;

namespace Parcae.Silo.Hosting;

/// <summary>
/// Every setting of a silo. Read from <c>appsettings.json</c> (section <c>Parcae</c>), then the environment (<c>PARCAE_REDIS</c>),
/// then the command line (<c>--redis</c>); the later one wins.
/// </summary>
internal sealed class SiloSettings
{
    /// <summary><c>control</c> or <c>worker</c>. The default value is <c>control</c>.</summary>
    [RegularExpression("control|worker", ErrorMessage = "must be control or worker")]
    public string Role { get; set; } = ParcaeNames.ControlRole;

    /// <summary>Redis connection string. The default value is <c>127.0.0.1:6379</c>.</summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "must be a Redis connection string such as 127.0.0.1:6379")]
    public string Redis { get; set; } = "127.0.0.1:6379";

    /// <summary>Id of the instance, unique among all that ever were. The default value is the role and a fresh random suffix.</summary>
    public string? InstanceId { get; set; }

    /// <summary>Address at which other silos and workers reach this machine. The default value is <c>127.0.0.1</c>.</summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "must be an IP address or a host name")]
    public string Host { get; set; } = "127.0.0.1";

    /// <summary>Orleans silo-to-silo port; 0: any free one. The default value is 11111.</summary>
    [Range(0, 65535, ErrorMessage = "must be a port from 0 to 65535")]
    public int SiloPort { get; set; } = 11111;

    /// <summary>Orleans client gateway port; 0: no gateway. The default value is 30000 on control silos; workers have none.</summary>
    [Range(0, 65535, ErrorMessage = "must be a port from 0 to 65535")]
    public int? GatewayPort { get; set; }

    /// <summary>Port of the data plane; 0: any free one. The default value is 0.</summary>
    [Range(0, 65535, ErrorMessage = "must be a port from 0 to 65535")]
    public int DataPort { get; set; }

    /// <summary>Threads that Torch uses for training. The default value is 1; all workers of a job must have the same number, or their results differ in the last bits.</summary>
    [Range(1, 1024, ErrorMessage = "must be a number of threads from 1 to 1024")]
    public int Threads { get; set; } = 1;

    /// <summary>Silence of a peer's data plane, seconds, after which it counts as lost; the same on all silos. The default value is 5.</summary>
    [Range(0.1, 600, ErrorMessage = "must be from 0.1 to 600 seconds")]
    public double Heartbeat { get; set; } = 5;

    /// <summary>Time, seconds, after which a worker whose training thread does not get on counts as hung: longer than the longest pass of a micro-batch through a stage. The default value is 60.</summary>
    [Range(0.1, 86400, ErrorMessage = "must be from 0.1 to 86400 seconds")]
    public double StallTimeout { get; set; } = 60;

    /// <summary>Whether faults may be injected at named points (for tests of what the service promises). The default value is false.</summary>
    public bool Faults { get; set; }

    /// <summary>Port of /health and /metrics on control silos; 0: any free one. The default value is 8080.</summary>
    [Range(0, 65535, ErrorMessage = "must be a port from 0 to 65535")]
    public int HttpPort { get; set; } = 8080;

    /// <summary>Address that the HTTP port binds to. The default value is <c>127.0.0.1</c>: nothing is authenticated yet.</summary>
    public string HttpHost { get; set; } = "127.0.0.1";

    /// <summary>Folder of the state vault's checkpoints. The default value is <c>checkpoints</c>.</summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "must be a folder")]
    public string Checkpoints { get; set; } = "checkpoints";

    /// <summary>What a worker computes on. The default value is <c>auto</c>: the first GPU that Torch can use, else the CPU.</summary>
    [RegularExpression("auto|cpu|cuda(:[0-9]+)?", ErrorMessage = "must be auto, cpu, cuda or cuda:N")]
    public string Device { get; set; } = "auto";

    /// <summary>Length of a planning interval, seconds. The default value is 60.</summary>
    [Range(0.1, 86400, ErrorMessage = "must be from 0.1 to 86400 seconds")]
    public double Interval { get; set; } = 60;

    /// <summary>The fleet to join. The default value is <c>default</c>.</summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "must be a name")]
    public string Fleet { get; set; } = ParcaeNames.DefaultFleet;

    /// <summary>Availability zone of the instance. The default value is <c>local</c>.</summary>
    public string Zone { get; set; } = "local";

    /// <summary>USD per hour. The default value is 0.918 for workers (p3.2xlarge spot).</summary>
    [Range(0, 1e6, ErrorMessage = "must be a price in USD per hour, at least 0")]
    public double PricePerHour { get; set; } = 0.918;

    /// <summary>Orleans cluster id. The default value is <c>parcae</c>.</summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "must be a name")]
    public string ClusterId { get; set; } = "parcae";

    /// <summary>Orleans service id; also the prefix of everything in Redis. The default value is <c>parcae</c>.</summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "must be a name")]
    public string ServiceId { get; set; } = "parcae";

    /// <summary>End with this process (started by a supervisor that may be killed); null: do not watch.</summary>
    [Range(1, int.MaxValue, ErrorMessage = "must be a process id")]
    public int? ParentPid { get; set; }

    /// <summary>
    /// Where a worker hears that its instance will be gone: <c>auto</c>, <c>none</c>, or some of <c>aws</c>, <c>azure</c>, <c>google</c>, <c>kubernetes</c> with commas between them. The default value is <c>auto</c>.
    /// </summary>
    [RegularExpression("auto|none|(aws|azure|google|kubernetes)(,(aws|azure|google|kubernetes))*", ErrorMessage = "must be auto, none, or names out of aws, azure, google, kubernetes with commas between them")]
    public string Availability { get; set; } = AvailabilityOptions.Auto;

    /// <summary>Time between two questions to a source that is asked again and again, seconds. The default value is 5.</summary>
    [Range(0.1, 600, ErrorMessage = "must be from 0.1 to 600 seconds")]
    public double AvailabilityInterval { get; set; } = 5;

    /// <summary>Whether advice (a rebalance recommendation, a pause of seconds) counts as a notice. The default value is false: it is only logged.</summary>
    public bool AdvisoryNotices { get; set; }

    /// <summary>Whether Azure is told that an event may begin once no job needs the instance. The default value is false.</summary>
    public bool AzureAcknowledge { get; set; }

    /// <summary>Time from Google's notice of a preemption to the loss, seconds. The default value is 30; machines can be made with 120.</summary>
    [Range(0, 3600, ErrorMessage = "must be from 0 to 3600 seconds")]
    public double GoogleNotice { get; set; } = 30;

    /// <summary>Base address of the cloud's metadata service; null: <c>http://169.254.169.254</c>.</summary>
    [HttpAddress]
    public string? MetadataEndpoint { get; set; }

    /// <summary>Base address of the Kubernetes API; null: as the pod's environment says.</summary>
    [HttpAddress]
    public string? KubernetesEndpoint { get; set; }

    /// <summary>Folder of the pod's service account; null: where Kubernetes mounts it.</summary>
    public string? ServiceAccount { get; set; }

    /// <summary>
    /// Time, seconds, that a worker takes to stop (SIGTERM) while a job needs it; 0: it stops at once, without a notice. At least 5 less than what the orchestrator grants. The default value is 25: Kubernetes grants 30.
    /// </summary>
    [Range(0, 86400, ErrorMessage = "must be from 0 to 86400 seconds")]
    public double StopTimeout { get; set; } = 25;

    /// <summary>For the embedded store: its port. The default value is 6379.</summary>
    [Range(1, 65535, ErrorMessage = "must be a port from 1 to 65535")]
    public int Port { get; set; } = 6379;

    /// <summary>For the embedded store: folder of its data. The default value is <c>store</c>.</summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "must be a folder")]
    public string Data { get; set; } = "store";

    /// <summary>Whether this is a control silo.</summary>
    public bool IsControl => Role == ParcaeNames.ControlRole;

    /// <summary>Every setting that is out of range, as <c>--name value: what would be right</c>.</summary>
    public IReadOnlyList<string> Problems()
    {
        var results = new List<ValidationResult>();
        Validator.TryValidateObject(this, new ValidationContext(this), results, validateAllProperties: true);
        return [.. results.Select(r =>
        {
            string member = r.MemberNames.First();
            return $"--{SettingNames.ToOption(member)} {typeof(SiloSettings).GetProperty(member)!.GetValue(this) ?? "(none)"}: {r.ErrorMessage}";
        })];
    }
}

/// <summary>Takes nothing, or an address of HTTP or HTTPS.</summary>
internal sealed class HttpAddressAttribute() : ValidationAttribute("must be an address such as http://127.0.0.1:8080")
{
    public override bool IsValid(object? value) =>
        value is null || (value is string text && Uri.TryCreate(text, UriKind.Absolute, out var address) && (address.Scheme is "http" or "https"));
}
