using Parcae.Grains.Jobs.Planning;
using Parcae.Grains.Stages;
using Parcae.Liveput;

namespace Parcae.Grains.Tests.Planning;

public sealed class PlaceAssignerTests
{
    private static readonly LayerRange[] Halves = [new(0, 2), new(2, 2)], Quarters = [new(0, 1), new(1, 1), new(2, 1), new(3, 1)];

    [Fact]
    public void Holders_of_a_stage_keep_it()
    {
        var held = Held(("b", [0, 1]), ("a", [2, 3]));
        var places = Assign(new Strategy(1, 2), Halves, ["a", "b", "c"], held);
        Assert.Equal(["b", "a"], places.Select(p => p.Peer.InstanceId));
    }

    [Fact]
    public void A_partial_holder_is_preferred_to_one_that_holds_nothing()
    {
        // After a change of depth: whoever has one of the two layers fetches only the other.
        var held = Held(("a", []), ("b", [1]), ("c", [2]));
        Assert.Equal(["b", "c"], Assign(new Strategy(1, 2), Halves, ["a", "b", "c"], held).Select(p => p.Peer.InstanceId));
    }

    [Fact]
    public void Fewest_bytes_beat_the_first_best_choice()
    {
        // "a" could keep the small layer 0, but then nobody saves the large layer 3.
        var held = Held(("a", [0, 3]), ("b", [0]));
        var places = PlaceAssigner.Assign(new Strategy(1, 2), [new(0, 3), new(3, 1)], Peers("a", "b"), (id, l) => held[id].Contains(l), l => l == 3 ? 100 : 1, null);
        Assert.Equal(["b", "a"], places.Select(p => p.Peer.InstanceId));
    }

    [Fact]
    public void With_nothing_to_move_everyone_stays_where_it_is()
    {
        var everything = Held(("a", [0, 1, 2, 3]), ("b", [0, 1, 2, 3]), ("c", [0, 1, 2, 3]));
        var current = Plan(1, Halves, "c", "b");
        Assert.Equal(["c", "b"], Assign(new Strategy(1, 2), Halves, ["a", "b", "c"], everything, current).Select(p => p.Peer.InstanceId));
    }

    [Fact]
    public void The_same_question_has_the_same_answer_whatever_the_order()
    {
        var held = Held(("a", []), ("b", []), ("c", []), ("d", []), ("e", []));
        var one = Assign(new Strategy(2, 2), Halves, ["a", "b", "c", "d", "e"], held);
        Assert.Equal(one, Assign(new Strategy(2, 2), Halves, ["e", "c", "d", "b", "a"], held));
        Assert.Equal([(0, 0), (0, 1), (1, 0), (1, 1)], one.Select(p => (p.Pipeline, p.Stage)));
        Assert.Equal(4, one.Select(p => p.Peer.InstanceId).Distinct().Count());
    }

    [Fact]
    public void Kinds_of_migration_are_told_apart()
    {
        var before = Plan(2, Halves, "a", "b", "c", "d");
        Assert.Equal(MigrationKind.Start, MigrationClassifier.Classify(null, before, false));
        Assert.Equal(MigrationKind.Resume, MigrationClassifier.Classify(before, before, true));
        Assert.Equal(MigrationKind.Resume, MigrationClassifier.Classify(before, Plan(1, Halves, "x", "y"), false));
        Assert.Equal(MigrationKind.IntraStage, MigrationClassifier.Classify(before, Plan(1, Halves, "c", "b"), false));
        Assert.Equal(MigrationKind.InterStage, MigrationClassifier.Classify(before, Plan(1, Halves, "a", "c"), false));
        Assert.Equal(MigrationKind.InterStage, MigrationClassifier.Classify(before, Plan(2, Halves, "a", "b", "c", "e"), false));
        Assert.Equal(MigrationKind.Pipeline, MigrationClassifier.Classify(before, Plan(1, Quarters, "a", "b", "c", "d"), false));
    }

    [Fact]
    public void The_source_names_everyone_that_state_comes_from()
    {
        var plan = Plan(1, Halves, "a", "b");
        Assert.Equal("in place", MigrationClassifier.Source(plan, [["a"], ["a"], ["b"], ["b"]], ["v"], false, (_, _) => false));
        Assert.Equal("shadows", MigrationClassifier.Source(plan, [["a"], ["a"], ["b"], ["b"]], ["v"], false, (id, layer) => id == "b" && layer == 2));
        Assert.Equal("peers+vault", MigrationClassifier.Source(plan, [["a"], ["c"], ["v"], ["b"]], ["v"], false, (_, _) => false));
        Assert.Equal("checkpoint", MigrationClassifier.Source(plan, [["v"], ["v"], ["v"], ["v"]], ["v"], true, (_, _) => false));
        Assert.Equal("peers+seed", MigrationClassifier.Source(plan, [["b"], [], [], []], [], false, (_, _) => false));
    }

    [Fact]
    public void Replicas_of_a_stage_begin_with_different_holders_and_never_with_themselves()
    {
        PeerEndpoint[][] holders = [[.. Peers("a", "b", "v")], [.. Peers("a", "b", "v")]];
        VaultShard[] vault = [new VaultShard(new PeerEndpoint("v", "h", 1), [0, 1])];
        string First(string receiver, int turn, int layer) => LayerSources.For([0, 1], holders, vault, receiver, turn)[layer].Holders[0].InstanceId;
        Assert.Equal("a", First("x", 0, 0));
        Assert.Equal("b", First("y", 1, 0));
        Assert.Equal("b", First("x", 0, 1));
        Assert.Equal("b", First("a", 0, 0));
        Assert.All(LayerSources.For([0, 1], holders, vault, "x", 0), s => Assert.Equal("v", s.Holders[^1].InstanceId));
        Assert.Empty(LayerSources.For([0], [[]], vault, "x", 0)[0].Holders);
    }

    private static Place[] Assign(Strategy strategy, LayerRange[] stages, string[] ids, Dictionary<string, int[]> held, GenerationPlan? current = null) =>
        PlaceAssigner.Assign(strategy, stages, Peers(ids), (id, layer) => held[id].Contains(layer), _ => 100, current);

    private static Dictionary<string, int[]> Held(params (string Id, int[] Layers)[] held)
    {
        var all = held.ToDictionary(h => h.Id, h => h.Layers);
        foreach (string id in new[] { "a", "b", "c" }) all.TryAdd(id, []);
        return all;
    }

    private static IEnumerable<PeerEndpoint> Peers(params string[] ids) => ids.Select(id => new PeerEndpoint(id, "h", 1));

    private static GenerationPlan Plan(int pipelines, LayerRange[] stages, params string[] ids) => new()
    {
        JobId = "j",
        Generation = 1,
        Pipelines = pipelines,
        Depth = stages.Length,
        Stages = stages,
        Places = [.. ids.Select((id, i) => new Place(i / stages.Length, i % stages.Length, new PeerEndpoint(id, "h", 1)))],
        StartStep = 0,
    };
}
