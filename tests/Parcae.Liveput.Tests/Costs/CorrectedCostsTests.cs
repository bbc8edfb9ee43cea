using CsCheck;
using Parcae.Liveput.Costs;
using Parcae.Liveput.Costs.Transitions;
using Parcae.Liveput.Profiles;

namespace Parcae.Liveput.Tests.Costs;

public sealed class CorrectedCostsTests
{
    private static readonly PlanningProfile Gpt = BuiltInProfiles.Get("gpt-1.5b");
    private static readonly CorrectedCosts Costs = new(Gpt);
    private static readonly ArtifactCosts Artifact = new(Gpt);

    [Fact]
    public void Losing_only_spares_costs_nothing()
    {
        var lost = new bool[32];
        lost[31] = lost[30] = true;
        var transition = new Transition(new(3, 10), 32, 0, 2, new(3, 10));
        Assert.Equal(0, Costs.Ms(transition, lost));
        Assert.True(Artifact.Ms(transition, lost) > 0);
    }

    [Fact]
    public void A_join_is_prepared_while_the_old_strategy_trains()
    {
        // Three pipelines become four; nothing was lost.
        var transition = new Transition(new(3, 8), 25, 7, 0, new(4, 8));
        double routes = Gpt.Reconfiguration!.Groups.Milliseconds(new(4, 8), false) + Gpt.Reconfiguration.ProcessStartMs;
        double cost = Costs.ExpectedMs(transition);
        Assert.InRange(cost, routes, Artifact.ExpectedMs(transition) / 3);

        // Had the old strategy trained nothing meanwhile, everything but the routes would count in full.
        Assert.True(Costs.ExpectedMs(transition with { From = Strategy.None }) > cost + 10_000);
    }

    [Fact]
    public void Spares_take_over_without_the_price_of_joining()
    {
        var lost = new bool[32];
        lost[0] = true;
        var toSpare = new Transition(new(3, 10), 32, 0, 1, new(3, 10));
        Assert.True(Artifact.Ms(toSpare, lost) > Artifact.RestartMs(new(3, 10), joining: true));
        Assert.True(Costs.Ms(toSpare, lost) < Costs.RestartMs(new(3, 10), joining: true));
    }

    [Fact]
    public void What_is_owed_is_not_forgotten() => Assert.Equal(7000, Costs.DuringMs(4000, 3000, new(2, 8)));

    [Fact]
    public void A_fixed_restart_takes_the_place_of_the_profiles()
    {
        Assert.Equal(12_000, new CorrectedCosts(Gpt, 12_000).RestartMs(new(4, 8), joining: true));
        Assert.Equal(12_000, new ArtifactCosts(Gpt, 12_000).RestartMs(new(1, 20), joining: false));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ArtifactCosts(Gpt, -1));
    }

    [Theory]
    [InlineData("artifact", null)]
    [InlineData("corrected", null)]
    [InlineData("artifact", 12_000.0)]
    [InlineData("corrected", 12_000.0)]
    public void The_parts_of_a_typical_change_add_up(string model, double? restartMs)
    {
        foreach (string name in BuiltInProfiles.Names)
        {
            var costs = TransitionCosts.Create(model, BuiltInProfiles.Get(name), restartMs);
            var planning = new TransitionPlanning(costs);
            int depth = costs.Profile.MinDepth + 1;
            foreach (var to in (Strategy[])[new(1, depth), new(2, depth), new(3, depth), new(2, depth + 1)])
            {
                foreach (var change in (MigrationCase[])[MigrationCase.Between(default, 0, to), MigrationCase.Between(new(2, depth), 2, to), MigrationCase.Between(new(2, depth), 1, to, lost: 1)])
                {
                    var parts = planning.Parts(change);
                    Assert.Equal(planning.Seconds(change), parts.Sum(p => p.Seconds), 1e-9);
                    Assert.All(parts, p => Assert.True(p.Seconds > 0, p.Name));
                    Assert.Equal(restartMs is not null && change.Kind != MigrationCaseKind.IntraStage, parts.Any(p => p.Name == "restart"));
                }
            }
        }
    }

    [Fact]
    public void Expectations_are_the_mean_over_every_subset_of_lost_instances()
    {
        ITransitionCosts[] models = [Costs, Artifact];
        Gen.Select(Gen.Int[1, 3], Gen.Int[6, 8], Gen.Int[0, 3], Gen.Int[0, 3], Gen.Int[0, 4], Gen.Int[1, 3], Gen.Int[6, 10]).Sample(
            (pipelines, depth, spares, lost, joined, newPipelines, newDepth) =>
            {
                var from = new Strategy(pipelines, depth);
                int instances = from.Instances + spares;
                var to = new Strategy(newPipelines, newDepth);
                if (lost > 2 && instances > 12) return;
                if (to.Instances > instances + joined - lost) return;
                var transition = new Transition(from, instances, joined, lost, to);
                foreach (var model in models)
                {
                    double sum = 0;
                    int subsets = 0;
                    Each(new bool[instances], 0, lost, chosen =>
                    {
                        sum += model.Ms(transition, chosen);
                        subsets++;
                    });
                    double expected = model.ExpectedMs(transition);
                    Assert.True(Math.Abs((sum / subsets) - expected) <= 1e-6 * Math.Max(1, expected), $"{model.Name} {transition}: mean {sum / subsets}, expectation {expected}");
                }
            },
            iter: 300);
    }

    private static void Each(bool[] chosen, int from, int left, Action<bool[]> visit)
    {
        if (left == 0)
        {
            visit(chosen);
            return;
        }

        for (int i = from; i <= chosen.Length - left; i++)
        {
            chosen[i] = true;
            Each(chosen, i + 1, left - 1, visit);
            chosen[i] = false;
        }
    }
}
