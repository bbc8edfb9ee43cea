using Parcae.Liveput.Costs.Transitions;
using Parcae.Liveput.Profiles;
using Parcae.Liveput.Simulation;
using Parcae.Liveput.Simulation.Policies;
using Parcae.Liveput.Simulation.Policies.Artifact;
using Parcae.Liveput.Traces;

namespace Parcae.Benchmarks;

/// <summary>What forecasts are worth: samples of a policy over those of the oracle, with the artifact's costs, 12 intervals of history and of look-ahead.</summary>
/// <remarks>
/// Evaluation traces alone: the shipped trace and its segments, and synthetic ones of seeds that no constant was chosen on. The peer is the published artifact's planner with its own
/// ARIMA forecast under its own protocol (plan before the interval, cut to fit).
/// </remarks>
internal static class ForecastSkillBenchmark
{
    private static readonly string[] Shipped = ["HADP", "HASP", "LADP", "LASP", "aws-p3"];
    private static readonly string[] Synthetic = [.. from kind in (string[])["poisson", "bursts", "zones", "day"] from seed in (int[])[1001, 1002] select $"{kind}:{seed},intervals=120,capacity=32"];

    private static readonly (string Policy, string Forecast)[] Compared =
        [("liveput", "ensemble"), ("liveput", "persistence"), ("liveput-ahead", "ensemble"), ("liveput-ahead", "persistence"), ("artifact", "artifact-arima"), ("artifact", "persistence"), ("reactive", "")];

    /// <summary>All profiles on all traces.</summary>
    public static BenchmarkResult Run()
    {
        var shipped = Measure(Shipped);
        var synthetic = Measure(Synthetic);
        double ours = Mean(shipped, 0), peer = Mean(shipped, 4);
        return new BenchmarkResult("forecast-skill", Round(ours), Round(peer), Round(ours / peer), "samples over the oracle's", new Dictionary<string, object>
        {
            ["worst"] = Round(shipped.Min(c => c.Skill[0])),
            ["cells"] = shipped.Count,
            ["shipped"] = Summary(shipped),
            ["synthetic"] = Summary(synthetic),
            ["cellsBelowPersistenceInTheArtifactsProtocol"] = shipped.Count(c => c.Skill[0] < c.Skill[5] * (1 - 1e-9)),
            ["cellsBelowReactive"] = shipped.Count(c => c.Skill[0] < c.Skill[6]),
            ["bySetting"] = shipped.ToDictionary(c => c.Name, c => Round(c.Skill[0])),
        });
    }

    private static List<(string Name, double[] Skill)> Measure(string[] traces)
    {
        var cells = new List<(string, double[])>();
        foreach (string model in BuiltInProfiles.Names)
        {
            var costs = new ArtifactCosts(BuiltInProfiles.Get(model));
            foreach (string trace in traces)
            {
                var setting = new SimulationSetting(costs.Profile, NamedTraces.Resolve(trace), costs);
                double oracle = Simulator.Run(new OraclePolicy(), setting).Samples;

                // A fleet too small for the model trains nothing, whoever plans.
                if (oracle <= 0) continue;
                double[] skill = [.. Compared.Select(c => Simulator.Run(PolicyNames.Create(c.Policy, new PolicyOptions { Forecast = c.Forecast }), setting).Samples / oracle)];
                Console.Error.WriteLine($"{model,-10} {trace,-40} {string.Join(' ', skill.Select(s => $"{s:0.0000}"))}");
                cells.Add(($"{model} {trace}", skill));
            }
        }

        return cells;
    }

    private static Dictionary<string, object> Summary(List<(string Name, double[] Skill)> cells) => Compared.Select((c, i) => (c, i)).ToDictionary(
        p => p.c.Forecast.Length > 0 ? $"{p.c.Policy} ({p.c.Forecast})" : p.c.Policy,
        object (p) => new { mean = Round(Mean(cells, p.i)), worst = Round(cells.Min(c => c.Skill[p.i])) });

    private static double Mean(List<(string Name, double[] Skill)> cells, int i) => cells.Average(c => c.Skill[i]);

    private static double Round(double value) => Math.Round(value, 5);
}
