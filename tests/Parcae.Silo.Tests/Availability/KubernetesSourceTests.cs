using Microsoft.Extensions.Logging;
using Parcae.Silo.Availability;
using Parcae.Silo.Availability.Kubernetes;
using Parcae.Silo.Tests.Availability.Fakes;
using Xunit;

namespace Parcae.Silo.Tests.Availability;

public sealed class KubernetesSourceTests : IAsyncLifetime
{
    private readonly LogLines<KubernetesSource> _log = new();
    private FakeCluster _cluster = null!;

    public static TheoryData<string> Taints => [.. NodeTaints.Names];

    public async ValueTask InitializeAsync() => _cluster = await FakeCluster.StartAsync();

    public async ValueTask DisposeAsync() => await _cluster.DisposeAsync();

    [Fact]
    public async Task The_deletion_of_the_pod_is_told_once_with_what_is_left_of_its_grace_period()
    {
        await using var watcher = new Watcher(Source());
        await _cluster.Server.AnsweredAsync(4);
        watcher.AssertNothing();

        _cluster.Metadata = $$""", "deletionTimestamp": "{{_cluster.Server.Clock.AddSeconds(41):yyyy-MM-ddTHH:mm:ssZ}}", "deletionGracePeriodSeconds": 45""";
        var notice = await watcher.NextAsync();

        Assert.Equal((NoticeKind.Stop, TimeSpan.FromSeconds(41), "the pod is being deleted"), (notice.Kind, notice.Remaining, notice.Reason));
        await _cluster.Server.AnsweredAsync(6);
        watcher.AssertNothing();
        Assert.Empty(_log.Of(LogLevel.Warning));
        Assert.Equal(["GET /api/v1/namespaces/training/pods/worker-0?resourceVersion=0", "GET /api/v1/nodes/node-a?resourceVersion=0"], _cluster.Server.Asked[..2]);
    }

    [Fact]
    public async Task A_disruption_is_told_before_the_deletion_with_the_whole_grace_period()
    {
        _cluster.Conditions = """, {"type": "DisruptionTarget", "status": "True", "reason": "TerminationByKubelet", "message": "the node shuts down"}""";
        await using var watcher = new Watcher(Source());
        var notice = await watcher.NextAsync();
        Assert.Equal((NoticeKind.Stop, TimeSpan.FromSeconds(45), "the pod is about to be ended (TerminationByKubelet: the node shuts down)"), (notice.Kind, notice.Remaining, notice.Reason));
    }

    [Theory]
    [MemberData(nameof(Taints))]
    public async Task A_taint_that_announces_the_nodes_end_is_told(string taint)
    {
        _cluster.Taints = $$"""{"key": "{{taint}}", "value": "x", "effect": "NoSchedule"}""";
        await using var watcher = new Watcher(Source());
        Assert.Equal($"node taint {taint}", (await watcher.NextAsync()).Reason);
    }

    [Fact]
    public async Task Taints_say_why_and_how_long()
    {
        _cluster.Taints = """
            {"key": "aws-node-termination-handler/spot-itn", "effect": "NoSchedule"}, {"key": "karpenter.sh/disrupted", "effect": "NoSchedule"},
            {"key": "aws-node-termination-handler/rebalance-recommendation", "effect": "NoSchedule"}
            """;
        await using var watcher = new Watcher(Source());
        var (spot, moved, advice) = (await watcher.NextAsync(), await watcher.NextAsync(), await watcher.NextAsync());
        Assert.Equal((NoticeKind.Preemption, TimeSpan.FromMinutes(2), false), (spot.Kind, spot.Remaining, spot.Advisory));
        Assert.Equal((NoticeKind.Maintenance, TimeSpan.FromSeconds(45), false), (moved.Kind, moved.Remaining, moved.Advisory));
        Assert.Equal((NoticeKind.Rebalance, true), (advice.Kind, advice.Advisory));
    }

    [Fact]
    public async Task Taints_that_announce_no_end_are_not_told()
    {
        _cluster.Taints = """
            {"key": "kubernetes.azure.com/scalesetpriority", "value": "spot", "effect": "NoSchedule"}, {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"},
            {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}
            """;
        await using var watcher = new Watcher(Source());
        await _cluster.Server.AnsweredAsync(4);
        watcher.AssertNothing();
    }

    [Fact]
    public async Task A_token_that_was_replaced_is_read_anew()
    {
        await using var watcher = new Watcher(Source());
        await _cluster.Server.AnsweredAsync(2);
        _cluster.RotateToken("token-2");
        _cluster.Metadata = """, "deletionTimestamp": "2031-05-06T07:08:09Z" """;
        Assert.Equal(TimeSpan.Zero, (await watcher.NextAsync()).Remaining);
    }

    [Fact]
    public async Task An_account_that_may_not_read_nodes_still_sees_its_pod()
    {
        _cluster.MayReadNodes = false;
        await using var watcher = new Watcher(Source());
        await _cluster.Server.AnsweredAsync(6);
        Assert.Contains("The service account may not read node node-a", Assert.Single(_log.Of(LogLevel.Warning)), StringComparison.Ordinal);
        _cluster.Metadata = """, "deletionTimestamp": "2031-05-06T07:08:19Z" """;
        Assert.Equal(TimeSpan.FromSeconds(10), (await watcher.NextAsync()).Remaining);
    }

    [Fact]
    public async Task A_server_of_another_authority_is_not_believed()
    {
        using var other = FakeCluster.Authority();
        _cluster.Trust(other);
        _cluster.Metadata = """, "deletionTimestamp": "2031-05-06T07:08:19Z" """;
        await using var watcher = new Watcher(Source());
        await Patience.Until(() => _log.Of(LogLevel.Warning).Length > 0);
        Assert.Contains("SSL connection could not be established", _log.Of(LogLevel.Warning)[0], StringComparison.Ordinal);
        watcher.AssertNothing();
        Assert.Empty(_cluster.Server.Asked);
    }

    [Fact]
    public async Task A_pod_that_is_not_found_is_complained_of_with_what_to_set()
    {
        await using var watcher = new Watcher(Source("worker-9"));
        await _cluster.Server.AnsweredAsync(3);
        Assert.Contains("if the name is wrong, set POD_NAME", Assert.Single(_log.Of(LogLevel.Warning)), StringComparison.Ordinal);
    }

    private KubernetesSource Source(string pod = "worker-0")
    {
        var options = Quick.Options(_cluster.Server);
        var address = _cluster.Server.Address;
        var environment = new Dictionary<string, string> { ["KUBERNETES_SERVICE_HOST"] = address.Host, ["KUBERNETES_SERVICE_PORT"] = $"{address.Port}", ["HOSTNAME"] = pod };
        (options.ServiceAccount, options.Variable) = (_cluster.Folder, environment.GetValueOrDefault);
        return new KubernetesSource(options, TimeProvider.System, _log);
    }
}
