using Parcae.Liveput;
using Parcae.Liveput.Planning;

namespace Parcae.Grains.Jobs.Planning;

/// <summary>Assigns instances to places so that the fewest bytes of state move; among equals everyone stays where it is.</summary>
internal static class PlaceAssigner
{
    // Below one byte of state: breaks ties between assignments that move the same, never outweighs a move.
    private const double SameStage = 0.125, Member = 0.25, Newcomer = 0.375;

    /// <summary>The D * P places, by pipeline, then stage.</summary>
    /// <param name="strategy">The strategy, not a pause.</param>
    /// <param name="stages">The layers of each stage, <c>[P]</c>.</param>
    /// <param name="candidates">Instances that may be used, at least D * P.</param>
    /// <param name="holds">Whether an instance holds a layer at the start version.</param>
    /// <param name="layerBytes">State of a layer, bytes.</param>
    /// <param name="current">The plan in force, or null.</param>
    public static Place[] Assign(
        Strategy strategy,
        LayerRange[] stages,
        IEnumerable<PeerEndpoint> candidates,
        Func<string, int, bool> holds,
        Func<int, long> layerBytes,
        GenerationPlan? current)
    {
        var instances = candidates.OrderBy(c => c.InstanceId, StringComparer.Ordinal).ToArray();
        var missing = new long[instances.Length, stages.Length];
        for (int i = 0; i < instances.Length; i++)
        {
            for (int s = 0; s < stages.Length; s++)
            {
                for (int layer = stages[s].First; layer < stages[s].End; layer++)
                {
                    if (!holds(instances[i].InstanceId, layer)) missing[i, s] += layerBytes(layer);
                }
            }
        }

        var cost = new double[strategy.Instances, instances.Length];
        for (int row = 0; row < strategy.Instances; row++)
        {
            var (pipeline, stage) = Math.DivRem(row, strategy.Depth);
            for (int i = 0; i < instances.Length; i++) cost[row, i] = missing[i, stage] + Reluctance(current, instances[i].InstanceId, pipeline, stage);
        }

        int[] chosen = Assignment.Solve(cost);
        return [.. chosen.Select((column, row) => new Place(row / strategy.Depth, row % strategy.Depth, instances[column]))];
    }

    private static double Reluctance(GenerationPlan? current, string instance, int pipeline, int stage) => current?.Of(instance) switch
    {
        null => Newcomer,
        var place when place.Pipeline == pipeline && place.Stage == stage => 0,
        var place when place.Stage == stage => SameStage,
        _ => Member,
    };
}
