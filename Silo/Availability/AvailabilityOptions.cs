using System.ComponentModel.DataAnnotations;
using Parcae.Silo.Hosting.Validation;

namespace Parcae.Silo.Availability;

/// <summary>Where a worker silo hears that its instance will be gone, and what it does then.</summary>
public sealed class AvailabilityOptions
{
    /// <summary>The one source that finds the others out.</summary>
    public const string Auto = "auto";

    /// <summary>No source at all; SIGTERM is still a notice.</summary>
    public const string None = "none";

    internal const string SourcesPattern = "auto|none|(aws|azure|google|kubernetes)(,(aws|azure|google|kubernetes))*";
    internal const string SourcesRule = "must be auto, none, or names out of aws, azure, google, kubernetes with commas between them";

    // At which all three clouds answer their own machines.
    private static readonly Uri LinkLocal = new("http://169.254.169.254/");

    /// <summary>Which sources: <see cref="Auto"/>, <see cref="None"/>, or names with commas between them. The default value is <see cref="Auto"/>.</summary>
    [RegularExpression(SourcesPattern, ErrorMessage = SourcesRule)]
    public string Sources { get; set; } = Auto;

    /// <summary>Base address of the cloud's metadata service, or null: 169.254.169.254, where all three clouds answer their own machines. The default value is null.</summary>
    [HttpAddress]
    public Uri? MetadataEndpoint { get; set; }

    /// <summary>Base address of the cloud's metadata service.</summary>
    public Uri Metadata => MetadataEndpoint ?? LinkLocal;

    /// <summary>Base address of the Kubernetes API, or null: what the pod's environment says. The default value is null.</summary>
    [HttpAddress]
    public Uri? KubernetesEndpoint { get; set; }

    /// <summary>Folder of the pod's service account: <c>token</c>, <c>ca.crt</c>, <c>namespace</c>. The default value is where Kubernetes mounts it.</summary>
    public string ServiceAccount { get; set; } = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// <summary>Folder in which the kernel says who made this machine. The default value is <c>/sys/class/dmi/id</c>.</summary>
    public string MachineFolder { get; set; } = "/sys/class/dmi/id";

    /// <summary>Reads the environment. The default value is that of the process.</summary>
    public Func<string, string?> Variable { get; set; } = Environment.GetEnvironmentVariable;

    /// <summary>Time between two questions to a source that is asked again and again. The default value is 5 seconds, which AWS recommends.</summary>
    [Seconds(0.01, 600)]
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest wait for a usual answer. The default value is 2 seconds.</summary>
    [Seconds(0.01, 600)]
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Longest wait for an answer when the sources are found out. The default value is 1 second.</summary>
    [Seconds(0.01, 600)]
    public TimeSpan ProbeTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Whether advisory notices are passed on too. The default value is false: they are only logged.</summary>
    public bool Advisory { get; set; }

    /// <summary>Whether Azure is told that an event may begin as soon as nothing needs the instance any more. The default value is false.</summary>
    public bool AzureAcknowledge { get; set; }

    /// <summary>Time from Google's notice of a preemption to the loss. The default value is 30 seconds; machines can be made with 120.</summary>
    [Seconds(0, 3600)]
    public TimeSpan GoogleNotice { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Time that the silo takes to stop when it is told to while a job needs it; zero: it stops at once and gives no notice. <see cref="ParcaeInstanceOptions.StopTimeout"/> sets it. The default value is 25 seconds.</summary>
    internal TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(25);
}
