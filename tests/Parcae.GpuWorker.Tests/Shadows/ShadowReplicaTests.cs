using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Tests.Pipeline;
using Parcae.Grains;
using Xunit;

namespace Parcae.GpuWorker.Tests.Shadows;

public sealed class ShadowReplicaTests
{
    // Without an end: the tests stop it.
    private static readonly JobSpec Spec = TestJobs.Small;
    private static readonly LayerRange All = new(0, ModelFactory.Create(Spec.Model).LayerCount);

    [Fact]
    public async Task A_shadow_has_the_same_bits_as_those_who_compute_and_nothing_is_left_to_fetch()
    {
        await using var cluster = new WorkerCluster(Spec);
        foreach (string id in new[] { "a", "b", "c", "d" }) cluster.Add(id);
        await cluster.ReconfigureAsync(1, 2, ["a", "b"]);
        await cluster.ReachAsync(2);

        var report = await cluster.ShadowAsync("c", cluster.Plan!.Stages[0]);
        await cluster.ShadowAsync("d", All);
        Assert.Equal(cluster.Plan.Stages[0].Count, report.Layers);
        Assert.True(report.BytesReceived > 0);
        await cluster.ReachAsync(cluster.Results.Keys.Max() + 5);
        var joined = await cluster.ReconfigureAsync(2, 2, ["a", "b", "c", "d"]);

        Assert.True(joined.StartStep > 5);
        Assert.All(cluster.Prepared, p => Assert.Equal(0, p.LayersReceived));
        await cluster.ReachAsync(joined.StartStep + 3);
        await Undisturbed.AssertAsync(cluster);
    }

    [Fact]
    public async Task Members_follow_what_another_depth_will_need_of_them()
    {
        await using var cluster = new WorkerCluster(Spec);
        foreach (string id in new[] { "a", "b", "c" }) cluster.Add(id);
        await cluster.ReconfigureAsync(1, 2, ["a", "b"]);
        await cluster.ReachAsync(2);

        // Three stages of two layers: c takes the last ones, b the middle ones.
        await Task.WhenAll(cluster.ShadowAsync("b", new LayerRange(2, 1)), cluster.ShadowAsync("c", new LayerRange(4, 2)));
        var deeper = await cluster.ReconfigureAsync(1, 3, ["a", "b", "c"]);

        Assert.All(cluster.Prepared, p => Assert.Equal(0, p.LayersReceived));
        await cluster.ReachAsync(deeper.StartStep + 3);
        await Undisturbed.AssertAsync(cluster);
    }

    [Fact]
    public async Task A_vault_that_joins_follows_first()
    {
        await using var cluster = new WorkerCluster(Spec);
        foreach (string id in new[] { "a", "b" }) cluster.Add(id);
        await cluster.ReconfigureAsync(1, 2, ["a", "b"]);
        await cluster.ReachAsync(2);
        cluster.Add("vault", InstanceRole.Vault);

        await cluster.ShadowAsync("vault", All);
        var with = await cluster.ReconfigureAsync(1, 2, ["a", "b"], "vault");
        Assert.All(cluster.Prepared, p => Assert.Equal(0, p.LayersReceived));
        await cluster.ReachAsync(with.StartStep + 3);

        // Its copy is as good as theirs: what b had comes from there.
        cluster.Add("c");
        await cluster.RemoveAsync("b");
        var recovered = await cluster.ReconfigureAsync(1, 2, ["a", "c"], "vault", HaltMode.Now);
        await cluster.ReachAsync(recovered.StartStep + 3);
        await Undisturbed.AssertAsync(cluster);
    }

    [Fact]
    public async Task Who_follows_knows_the_results_of_the_generation_from_its_first_step_on()
    {
        await using var cluster = new WorkerCluster(Spec);
        foreach (string id in new[] { "a", "b", "c" }) cluster.Add(id);
        await cluster.ReconfigureAsync(1, 2, ["a", "b"]);
        await cluster.ReachAsync(3);
        var plan = await cluster.ReconfigureAsync(1, 2, ["b", "a"]);
        await cluster.ReachAsync(plan.StartStep + 3);
        await cluster.ShadowAsync("c", All);
        await cluster.ReachAsync(cluster.Results.Keys.Max() + 3);

        var halts = (await cluster.HaltAsync(HaltMode.AtBoundary)).ToDictionary(h => h.InstanceId);

        // Those of the generations before were durable when it began.
        Assert.Equal(plan.StartStep, halts["c"].Results[0].Step);
        Assert.Equal(halts["a"].Results.Where(r => r.Step >= plan.StartStep).Select(r => r with { Seconds = 0 }), halts["c"].Results.Select(r => r with { Seconds = 0 }));
    }

    [Fact]
    public async Task An_abandoned_step_leaves_shadows_at_the_version_of_their_holder()
    {
        await using var cluster = new WorkerCluster(Spec);
        foreach (string id in new[] { "a", "b", "c" }) cluster.Add(id);
        await cluster.ReconfigureAsync(1, 2, ["a", "b"]);
        await cluster.ShadowAsync("c", All);
        await cluster.ReachAsync(cluster.Results.Keys.Append(0).Max() + 4);

        var halts = await cluster.HaltAsync(HaltMode.Now);

        var versions = halts.Where(h => h.InstanceId != "c").SelectMany(h => h.Layers).ToDictionary(l => l.Layer, l => l.Version);
        var shadows = halts.Single(h => h.InstanceId == "c").Layers;
        Assert.Equal(All.Count, shadows.Length);
        Assert.All(shadows, s => Assert.Equal(versions[s.Layer], s.Version));
    }

    [Fact]
    public async Task A_holder_that_is_lost_while_it_is_followed_is_told_of_and_training_is_not_the_worse_for_it()
    {
        await using var cluster = new WorkerCluster(Spec);
        foreach (string id in new[] { "a", "b", "c" }) cluster.Add(id);
        cluster.Add("vault", InstanceRole.Vault);
        await cluster.ReconfigureAsync(1, 2, ["a", "b"], "vault");
        await cluster.ShadowAsync("c", cluster.Plan!.Stages[0]);
        await cluster.ReachAsync(4);

        await cluster.RemoveAsync("b");
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => cluster.ShadowAsync("c", All, 0));
        Assert.Contains("cannot be followed at ", refused.Message, StringComparison.Ordinal);

        var recovered = await cluster.ReconfigureAsync(1, 2, ["a", "c"], "vault", HaltMode.Now);
        await cluster.ReachAsync(recovered.StartStep + 3);
        await Undisturbed.AssertAsync(cluster);
    }

    [Fact]
    public async Task What_is_not_trained_here_cannot_be_followed_here()
    {
        await using var cluster = new WorkerCluster(Spec);
        foreach (string id in new[] { "a", "b", "c" }) cluster.Add(id);
        var plan = await cluster.ReconfigureAsync(1, 2, ["a", "b"]);
        var command = new ShadowCommand
        {
            JobId = plan.JobId,
            Generation = plan.Generation,
            Spec = Spec,
            Salt = cluster.Salt,
            Sources = [new LayerSource(plan.Stages[1].First, [plan.At(0, 0).Peer])],
        };

        var wrong = await Assert.ThrowsAsync<InvalidOperationException>(() => cluster["c"].Shadow(command));
        Assert.Contains("layers 0, 1, 2 are trained here", wrong.Message, StringComparison.Ordinal);
        var later = await Assert.ThrowsAsync<InvalidOperationException>(() => cluster["c"].Shadow(command with { Generation = plan.Generation + 1 }));
        Assert.Contains($"generation {plan.Generation} does", later.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<StaleGenerationException>(() => cluster["c"].Shadow(command));
        var secret = await Assert.ThrowsAsync<InvalidOperationException>(() => cluster["c"].Shadow(command with { Generation = plan.Generation + 1, Salt = new byte[32] }));
        Assert.Contains("cannot be followed at a", secret.Message, StringComparison.Ordinal);
    }
}
