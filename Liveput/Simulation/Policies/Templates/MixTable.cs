using Parcae.Liveput.Profiles;

namespace Parcae.Liveput.Simulation.Policies.Templates;

/// <summary>The fastest mix of pipelines for every number of instances; ties go to the fewest instances, then the fewest pipelines, then the smallest depth.</summary>
/// <remarks>
/// Throughput of a mix of D pipelines: a pipeline of depth P is taken to do what each of D pipelines of depth P was measured to do, throughput(D, P) / D, which holds the price of synchronising D pipelines; micro-batches are
/// dealt in proportion, so that all are ready at the same time, and the throughputs add up. Depths that were not measured with D pipelines cannot be mixed. A mix is never taken as faster than the fastest measured strategy
/// of as many instances, so that <see cref="IdealPolicy"/> stays the bound: mixes were not measured, and a batch can only be dealt in whole micro-batches. (On the built-in trace this costs at most 2 % of the samples.)
/// </remarks>
internal sealed class MixTable
{
    private readonly PlanningProfile _profile;
    private readonly int _replicas;
    private readonly BestThroughput _bound;
    private readonly List<(PipelineMix Tolerant, PipelineMix Any)> _best = [default];

    /// <param name="profile">The throughputs.</param>
    /// <param name="replicas">Pipelines that there must be, as long as there are instances for them.</param>
    public MixTable(PlanningProfile profile, int replicas) => (_profile, _replicas, _bound) = (profile, replicas, new BestThroughput(profile));

    /// <summary>The mix for a number of instances.</summary>
    public PipelineMix For(int instances)
    {
        while (_best.Count <= instances)
        {
            var (tolerant, any) = _best[^1];
            foreach (var mix in Using(_best.Count))
            {
                double throughput = Throughput(mix);
                if (throughput > Throughput(any)) any = mix;
                if (mix.Pipelines >= _replicas && throughput > Throughput(tolerant)) tolerant = mix;
            }

            _best.Add((tolerant, any));
        }

        return _best[instances].Tolerant.Pipelines > 0 ? _best[instances].Tolerant : _best[instances].Any;
    }

    /// <summary>Samples per second of a mix; 0 when it cannot be.</summary>
    public double Throughput(PipelineMix mix)
    {
        int pipelines = mix.Pipelines;
        if (pipelines == 0) return 0;
        double shallow = _profile.Throughput(pipelines, mix.Shallow.Depth), deep = _profile.Throughput(pipelines, mix.DeepDepth);
        if (shallow <= 0 || (mix.Deep > 0 && deep <= 0)) return 0;
        double dealt = ((mix.Shallow.Pipelines * shallow) + (mix.Deep * deep)) / pipelines;
        return Math.Min(dealt, _profile.Throughput(_bound.For(mix.Instances)));
    }

    private IEnumerable<PipelineMix> Using(int instances)
    {
        for (int pipelines = 1; pipelines <= Math.Min(instances, _profile.MaxPipelines); pipelines++)
        {
            for (int depth = _profile.MinDepth; depth <= _profile.MaxDepth && depth * pipelines <= instances; depth++)
            {
                int rest = instances - (depth * pipelines), room = _profile.MaxDepth - depth;
                if (rest == 0) yield return new PipelineMix(new Strategy(pipelines, depth));
                if (rest == 0 || room == 0) continue;
                for (int deep = (rest + room - 1) / room; deep < pipelines && deep <= rest; deep++)
                {
                    if (rest % deep == 0) yield return new PipelineMix(new Strategy(pipelines - deep, depth), deep, depth + (rest / deep));
                }
            }
        }
    }
}
