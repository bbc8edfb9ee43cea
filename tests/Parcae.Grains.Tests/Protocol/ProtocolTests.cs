using System.Diagnostics;

namespace Parcae.Grains.Tests.Protocol;

/// <summary>The reconfiguration protocol, explored in all states of small cases (docs/protocol.md).</summary>
public sealed class ProtocolTests(ITestOutputHelper output)
{
    private const string LargeSetting = "PARCAE_PROTOCOL";
    private const int MostStates = 8_000_000;

    public static TheoryData<string> Small => [.. Cases.Small.Select(c => c.Name)];

    public static TheoryData<string> Large => [.. Cases.Large.Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Small))]
    public void Every_state_of_a_small_case_is_sound_and_leads_to_the_end(string name) => Sound(Cases.Small.Single(c => c.Name == name));

    [Theory]
    [MemberData(nameof(Large))]
    public void Every_state_of_a_larger_case_is_sound_and_leads_to_the_end(string name)
    {
        SkipUnlessLarge();
        Sound(Cases.Large.Single(c => c.Name == name) with { States = MostStates });
    }

    [Fact]
    public void Without_the_fence_a_command_that_was_overtaken_brings_an_old_generation_back()
    {
        var of = Cases.Small.Single(c => c.Name == "two replicas, one is thought dead");
        Violates(of with { Rejoins = true, Without = Without.Fence }, "I5");
    }

    [Fact]
    public void Without_the_barrier_a_step_that_was_counted_is_run_again_though_every_stage_survives() =>
        Violates(Cases.Small[0] with { Without = Without.Barrier }, "I1");

    [Fact]
    public void A_generation_that_begins_before_it_is_durable_is_found() =>
        Violates(Cases.Small[0] with { WorkerCrashes = 0, Without = Without.DurableCommit }, "I3");

    [Fact]
    public void A_store_that_takes_every_write_lets_two_activations_commit_the_same_generation() =>
        Violates(Cases.Small.Single(c => c.Zombies) with { Without = Without.CompareAndSwap }, "I3");

    [Fact]
    public void A_shard_of_the_vault_that_does_not_wait_for_the_others_leaves_them_behind_for_good() =>
        Violates(Cases.TwoShards with { Without = Without.Agreement }, "I7");

    [Fact]
    public void A_halt_that_arrives_after_the_switch_of_its_generation_opens_layers_that_train()
    {
        SkipUnlessLarge();
        Violates(Cases.LateHalt with { Without = Without.OrderedCommands, States = MostStates }, "I5: v read a layer while its holder trains");
    }

    private static void SkipUnlessLarge() =>
        Assert.SkipUnless(Environment.GetEnvironmentVariable(LargeSetting) == "large", $"takes minutes: set {LargeSetting}=large");

    private void Violates(Case of, string invariant)
    {
        var findings = Explore(of);
        Assert.StartsWith(invariant, findings.Violation, StringComparison.Ordinal);
        Assert.NotEmpty(findings.Trace);
    }

    private void Sound(Case of)
    {
        var findings = Explore(of);
        Assert.True(findings.Violation is null, findings.ToString());
        Assert.True(findings.Completed > 0);
    }

    private Findings Explore(Case of)
    {
        long start = Stopwatch.GetTimestamp();
        var findings = new Explorer(of).Run();
        output.WriteLine($"{of}: {findings} in {Stopwatch.GetElapsedTime(start).TotalSeconds:F1} s");
        return findings;
    }
}
