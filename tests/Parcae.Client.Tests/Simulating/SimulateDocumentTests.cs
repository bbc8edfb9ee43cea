using System.Text.Json;

namespace Parcae.Client.Tests.Simulating;

/// <summary>What <c>simulate --json</c> promises.</summary>
public sealed class SimulateDocumentTests : SimulateRun
{
    [Fact]
    public async Task A_single_run_is_one_document_with_every_field_of_the_contract()
    {
        var run = await JsonAsync("simulate --profile gpt-1.5b --trace aws-p3 --from 330 --to 345 --forecast persistence --look-ahead 3");
        Assert.Equal(["profile", "trace", "from", "to", "intervals", "intervalSeconds", "costModel", "restartCostSeconds", "policies"], Keys(run));
        Assert.Equal(("gpt-1.5b", "aws-p3[330..345)", "artifact"), (run.GetProperty("profile").GetString(), run.GetProperty("trace").GetString(), run.GetProperty("costModel").GetString()));
        Assert.Equal((330, 345, 15, 60), (run.GetProperty("from").GetDouble(), run.GetProperty("to").GetDouble(), run.GetProperty("intervals").GetInt32(), run.GetProperty("intervalSeconds").GetDouble()));
        Assert.Equal(JsonValueKind.Null, run.GetProperty("restartCostSeconds").ValueKind);
        Assert.Equal(["ideal", "reactive", "liveput", "oracle"], run.GetProperty("policies").EnumerateArray().Select(p => p.GetProperty("policy").GetString()));
        double ideal = Policy(run, "ideal").GetProperty("samples").GetDouble();
        foreach (var policy in run.GetProperty("policies").EnumerateArray())
        {
            Assert.Equal(
                ["policy", "forecast", "lookAhead", "samples", "fractionOfIdeal", "draws", "reconfigurations", "pausedIntervals", "planningMs", "strategies", "costUsd", "finishedAtMinute"], Keys(policy));
            Assert.Equal(policy.GetProperty("samples").GetDouble() / ideal, policy.GetProperty("fractionOfIdeal").GetDouble(), 1e-12);
            Assert.Equal(["intraStage", "interStage", "pipeline"], Keys(policy.GetProperty("reconfigurations")));
            Assert.All(policy.GetProperty("reconfigurations").EnumerateObject(), c => Assert.InRange(c.Value.GetInt32(), 0, 15));
            Assert.Equal(0, policy.GetProperty("pausedIntervals").GetInt32());
            Assert.Equal(["first", "mean", "max"], Keys(policy.GetProperty("planningMs")));
            Assert.InRange(policy.GetProperty("planningMs").GetProperty("mean").GetDouble(), 0, policy.GetProperty("planningMs").GetProperty("max").GetDouble());
            Assert.Equal(15, policy.GetProperty("strategies").GetArrayLength());
            Assert.All(policy.GetProperty("strategies").EnumerateArray(), s => Assert.True(s.GetArrayLength() == 2 && s[0].GetInt32() * s[1].GetInt32() is > 0 and <= 32));
            Assert.InRange(policy.GetProperty("costUsd").GetDouble(), 1, 32 * 0.918);
            Assert.Equal((JsonValueKind.Null, JsonValueKind.Null), (policy.GetProperty("draws").ValueKind, policy.GetProperty("finishedAtMinute").ValueKind));
        }

        Assert.Equal([(null, null), (null, null), ("persistence", 3), (null, 3)], run.GetProperty("policies").EnumerateArray().Select(p => (p.GetProperty("forecast").GetString(), Whole(p.GetProperty("lookAhead")))));
    }

    [Fact]
    public async Task Several_runs_are_a_list_of_the_same_documents()
    {
        var document = await JsonAsync("simulate --profile gpt-1.5b,bert --trace HADP --trace poisson:3,intervals=20 --policy ideal,reactive --restart-cost 10,60");
        Assert.Equal(["runs"], Keys(document));
        JsonElement[] runs = [.. document.GetProperty("runs").EnumerateArray()];
        Assert.Equal(8, runs.Length);
        Assert.Equal(8, runs.Select(r => (r.GetProperty("profile").GetString(), r.GetProperty("trace").GetString(), r.GetProperty("restartCostSeconds").GetDouble())).Distinct().Count());
        Assert.All(runs, r => Assert.Equal(2, r.GetProperty("policies").GetArrayLength()));
        double[] reactive = [.. runs.Where(r => r.GetProperty("profile").GetString() == "bert" && r.GetProperty("trace").GetString() == "aws-p3:HADP")
            .OrderBy(r => r.GetProperty("restartCostSeconds").GetDouble()).Select(r => Policy(r, "reactive").GetProperty("fractionOfIdeal").GetDouble())];
        Assert.True(reactive[0] > reactive[1], $"Dearer restarts must cost samples: {reactive[0]} with 10 s, {reactive[1]} with 60 s.");
    }

    [Fact]
    public async Task Ideal_and_reactive_totals_are_those_of_the_artifact()
    {
        var run = await JsonAsync("simulate --profile gpt-1.5b --trace HADP --policy ideal,reactive");
        Assert.Equal(143547.3, Policy(run, "ideal").GetProperty("samples").GetDouble(), 1e-6);
        Assert.Equal(107545.236858, Policy(run, "reactive").GetProperty("samples").GetDouble(), 1e-6);
    }

    [Fact]
    public async Task Fractions_are_of_the_ideal_even_where_it_is_not_asked_for()
    {
        var run = await JsonAsync("simulate --profile gpt-1.5b --trace HADP --policy reactive");
        Assert.Equal(107545.236858 / 143547.3, Policy(run, "reactive").GetProperty("fractionOfIdeal").GetDouble(), 1e-9);
    }

    [Fact]
    public async Task Every_forecaster_and_look_ahead_is_a_policy_of_its_own()
    {
        var run = await JsonAsync("simulate --trace HADP --to 5 --policy reactive,liveput,oracle --forecast persistence,holt --look-ahead 1,3");
        Assert.Equal(
            [("reactive", null, null), ("liveput", "persistence", 1), ("liveput", "persistence", 3), ("liveput", "holt", 1), ("liveput", "holt", 3), ("oracle", null, 1), ("oracle", null, 3)],
            run.GetProperty("policies").EnumerateArray().Select(p => (p.GetProperty("policy").GetString()!, p.GetProperty("forecast").GetString(), Whole(p.GetProperty("lookAhead")))));
    }

    [Fact]
    public async Task Draws_repeat_with_their_seed_and_lie_around_the_expectation()
    {
        const string line = "simulate --trace LADP --from 10 --to 30 --policy ideal,oracle --look-ahead 3 --draws 40";
        var first = Policy(await JsonAsync(line + " --seed 5"), "oracle");
        var draws = first.GetProperty("draws");
        Assert.Equal(["count", "mean", "low", "high"], Keys(draws));
        Assert.Equal(draws.GetRawText(), Policy(await JsonAsync(line + " --seed 5"), "oracle").GetProperty("draws").GetRawText());
        Assert.NotEqual(draws.GetRawText(), Policy(await JsonAsync(line + " --seed 6"), "oracle").GetProperty("draws").GetRawText());
        var (mean, low, high) = (draws.GetProperty("mean").GetDouble(), draws.GetProperty("low").GetDouble(), draws.GetProperty("high").GetDouble());
        Assert.Equal(40, draws.GetProperty("count").GetInt32());
        Assert.True(low < mean && mean < high, $"{low} {mean} {high}");
        double expected = first.GetProperty("samples").GetDouble(), near = 0.03 * expected;
        Assert.InRange(expected, low - near, high + near);
    }

    [Fact]
    public async Task A_job_that_can_be_done_says_when_it_was()
    {
        var run = await JsonAsync("simulate --trace LADP --policy liveput,deadline --forecast persistence --look-ahead 2 --job-samples 40000 --deadline 45");
        var deadline = Policy(run, "deadline");
        Assert.InRange(deadline.GetProperty("finishedAtMinute").GetDouble(), 10, 45);
        Assert.Equal(40_000, deadline.GetProperty("samples").GetDouble(), 1e-3);
        Assert.Equal(JsonValueKind.Null, Policy(run, "liveput").GetProperty("finishedAtMinute").ValueKind);
        Assert.True(deadline.GetProperty("costUsd").GetDouble() < Policy(run, "liveput").GetProperty("costUsd").GetDouble());
        run = await JsonAsync("simulate --trace LADP --policy deadline --forecast persistence --look-ahead 2 --job-samples 1e9 --deadline 45");
        Assert.Equal(JsonValueKind.Null, Policy(run, "deadline").GetProperty("finishedAtMinute").ValueKind);
    }

    [Fact]
    public async Task A_model_that_does_not_fit_pauses_and_goes_on()
    {
        var run = await JsonAsync("simulate --profile gpt-6.7b --trace LADP --policy ideal,reactive,artifact,liveput,oracle --forecast persistence --look-ahead 2");
        foreach (var policy in run.GetProperty("policies").EnumerateArray())
        {
            Assert.InRange(policy.GetProperty("pausedIntervals").GetInt32(), 1, 59);
            Assert.InRange(policy.GetProperty("samples").GetDouble(), 1, double.MaxValue);
            Assert.Equal(policy.GetProperty("pausedIntervals").GetInt32(), policy.GetProperty("strategies").EnumerateArray().Count(s => s[0].GetInt32() == 0));
        }
    }

    private static int? Whole(JsonElement element) => element.ValueKind == JsonValueKind.Null ? null : element.GetInt32();
}
