namespace Parcae.Silo.Availability.Kubernetes;

/// <summary>
/// Taints by which clouds and their controllers say that a node will be gone. Not among them: <c>node.kubernetes.io/unschedulable</c>, as a cordoned node may stay for good, and
/// <c>kubernetes.azure.com/scalesetpriority</c>, which every spot node of Azure has from its first day.
/// </summary>
internal static class NodeTaints
{
    private static readonly Dictionary<string, (NoticeKind Kind, TimeSpan? Remaining, bool Advisory)> Known = new(StringComparer.Ordinal)
    {
        ["aws-node-termination-handler/spot-itn"] = (NoticeKind.Preemption, TimeSpan.FromMinutes(2), false),
        ["aws-node-termination-handler/rebalance-recommendation"] = (NoticeKind.Rebalance, TimeSpan.FromMinutes(2), true),
        ["aws-node-termination-handler/scheduled-maintenance"] = (NoticeKind.Maintenance, null, false),
        ["aws-node-termination-handler/asg-lifecycle-termination"] = (NoticeKind.Maintenance, null, false),
        // Of the 30 seconds of a preemption, the first 15 are for pods that are not of the system.
        ["cloud.google.com/impending-node-termination"] = (NoticeKind.Preemption, TimeSpan.FromSeconds(15), false),
        ["ToBeDeletedByClusterAutoscaler"] = (NoticeKind.Maintenance, null, false),
        ["karpenter.sh/disrupted"] = (NoticeKind.Maintenance, null, false),
        // The name of the same before Karpenter 1.0; its value was always this.
        ["karpenter.sh/disruption"] = (NoticeKind.Maintenance, null, false),
        // Set by hand when a machine is known to be off: whoever still runs there has no time.
        ["node.kubernetes.io/out-of-service"] = (NoticeKind.Maintenance, TimeSpan.Zero, false),
    };

    /// <summary>Names of the taints.</summary>
    public static IReadOnlyCollection<string> Names => Known.Keys;

    /// <summary>What a taint announces, or null.</summary>
    /// <param name="taint">The taint.</param>
    /// <param name="grace">The pod's grace period: what it is given when the node is emptied, where the taint's maker promises nothing else.</param>
    public static AvailabilityNotice? Read(Taint taint, TimeSpan grace) => Known.TryGetValue(taint.Key, out var meaning)
        ? new($"taint {taint.Key}={taint.Value}", meaning.Kind, meaning.Remaining ?? grace, $"node taint {taint.Key}") { Advisory = meaning.Advisory }
        : null;
}
