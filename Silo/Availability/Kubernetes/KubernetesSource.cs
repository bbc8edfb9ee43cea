using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Parcae.Silo.Availability.Kubernetes;

/// <summary>
/// The deletion or disruption of this pod, and taints of its node that say that the node will be gone. Two questions to the API at intervals, which the server answers from its cache; reading the node needs a cluster role, and without it the pod alone is watched.
/// </summary>
internal sealed partial class KubernetesSource(AvailabilityOptions options, TimeProvider time, ILogger<KubernetesSource> logger) : PolledSource(options, time, logger)
{
    /// <summary>Its name.</summary>
    public const string SourceName = "kubernetes";

    /// <summary>What Kubernetes gives a pod that names no grace period.</summary>
    private static readonly TimeSpan UsualGrace = TimeSpan.FromSeconds(30);

    // The generated log methods look for a field.
    private readonly ILogger _logger = logger;
    private KubernetesApi? _api;
    private bool _nodeRefused;

    /// <inheritdoc/>
    public override string Name => SourceName;

    /// <inheritdoc/>
    protected override async Task<IReadOnlyList<AvailabilityNotice>> AskAsync(CancellationToken cancellation)
    {
        var api = _api ??= new KubernetesApi(Options, Time);
        // A pod's host name is its name, unless it uses the host's network.
        string name = Options.Variable("POD_NAME") ?? Options.Variable("HOSTNAME") ?? throw new SourceException("POD_NAME is not set; it must be the pod's name (metadata.name by the downward API)");
        string path = $"api/v1/namespaces/{Uri.EscapeDataString(api.Namespace)}/pods/{Uri.EscapeDataString(name)}";
        var answer = await api.GetAsync(path, cancellation);
        if (answer.Status != HttpStatusCode.OK) throw answer.Unexpected(path, "it must be 200: the pod itself, which its service account may get; if the name is wrong, set POD_NAME");
        var pod = JsonSerializer.Deserialize(answer.Body, KubernetesJson.Default.Pod) ?? throw answer.Unexpected(path, "it must be a pod");
        var grace = pod.Spec?.TerminationGracePeriodSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : UsualGrace;
        var notices = new List<AvailabilityNotice>();
        if (OfPod(pod, answer, grace) is { } notice) notices.Add(notice);
        if ((Options.Variable("NODE_NAME") ?? pod.Spec?.NodeName) is { Length: > 0 } node) notices.AddRange(await OfNodeAsync(api, node, grace, cancellation));
        return notices;
    }

    private static AvailabilityNotice? OfPod(Pod pod, Answer answer, TimeSpan grace)
    {
        var disruption = pod.Status?.Conditions?.FirstOrDefault(c => c is { Type: "DisruptionTarget", Status: "True" });
        string why = disruption is null ? "" : $" ({disruption.Reason}{(string.IsNullOrEmpty(disruption.Message) ? "" : $": {disruption.Message}")})";
        var kind = disruption?.Reason == "PreemptionByScheduler" ? NoticeKind.Preemption : NoticeKind.Stop;
        // One id for both: a disruption that becomes a deletion is the same end.
        return pod.Metadata?.DeletionTimestamp is { } end ? new("pod", kind, answer.Until(end), $"the pod is being deleted{why}")
            : disruption is not null ? new("pod", kind, grace, $"the pod is about to be ended{why}")
            : null;
    }

    private async Task<IEnumerable<AvailabilityNotice>> OfNodeAsync(KubernetesApi api, string name, TimeSpan grace, CancellationToken cancellation)
    {
        string path = $"api/v1/nodes/{Uri.EscapeDataString(name)}";
        var answer = await api.GetAsync(path, cancellation);
        if (answer.Status == HttpStatusCode.Forbidden)
        {
            if (!_nodeRefused) LogNodeRefused(name);
            _nodeRefused = true;
            return [];
        }

        if (answer.Status != HttpStatusCode.OK) throw answer.Unexpected(path, "it must be 200: the node of this pod");
        _nodeRefused = false;
        var node = JsonSerializer.Deserialize(answer.Body, KubernetesJson.Default.Node) ?? throw answer.Unexpected(path, "it must be a node");
        return (node.Spec?.Taints ?? []).Select(t => NodeTaints.Read(t, grace)).OfType<AvailabilityNotice>();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The service account may not read node {Node}: its taints are not seen. It needs a ClusterRole with 'get' on 'nodes'.")]
    private partial void LogNodeRefused(string node);
}
