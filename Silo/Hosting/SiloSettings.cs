using System.ComponentModel.DataAnnotations;
using Parcae.Grains;

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
