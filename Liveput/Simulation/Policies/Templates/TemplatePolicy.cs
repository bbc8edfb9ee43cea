using Parcae.Liveput.Costs.Transitions;
using Parcae.Liveput.Preemption;
using Parcae.Liveput.Simulation.Policies.Checkpointing;

namespace Parcae.Liveput.Simulation.Policies.Templates;

/// <summary>A stand-in for Oobleck (Jang et al., SOSP '23): pipelines of different depths from a fixed set of templates use the instances that there are, and layers that are lost are copied from other pipelines.</summary>
/// <remarks>
/// Taken from the paper and github.com/SymbioticLab/Oobleck: a template for every feasible depth is computed once; any number of instances is covered by a mix of them with at least f + 1 pipelines, micro-batches being dealt so that
/// all take equally long (<see cref="MixTable"/>). When instances come or go, pipelines are formed again from the templates by shrinking, borrowing or merging; nobody's process restarts, but groups are set up, stages are built, and the
/// missing layers are fetched, nothing trained being lost. Only when every copy of some layer is gone all restart from the last checkpoint.
/// <para>
/// Simplified: the mix is a function of the number of instances alone, has pipelines of at most two depths, and is the fastest one, which may leave an instance idle; the fetch is taken as a whole stage of the shallowest pipeline, the most that
/// anyone can be missing; the step under way is not charged. With too few instances for f + 1 pipelines it goes on with as many as fit, where Oobleck gives up. Joining instances are taken in at once when they make it faster.
/// </para>
/// </remarks>
public sealed class TemplatePolicy : IPolicy
{
    private readonly TemplateOptions _options;

    /// <summary>A policy.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    public TemplatePolicy(TemplateOptions? options = null)
    {
        _options = options ?? new TemplateOptions();
        _options.Validate();
    }

    /// <inheritdoc/>
    public string Name => "templates";

    /// <inheritdoc/>
    public IPolicyRun Start(SimulationSetting setting)
    {
        ArgumentNullException.ThrowIfNull(setting);
        return new Run(setting, _options);
    }

    private sealed class Run : CheckpointedRun<PipelineMix>
    {
        private readonly MixTable _mixes;
        private readonly StageSizes _stages;

        public Run(SimulationSetting setting, TemplateOptions options)
            : base(setting, options.Checkpoints)
        {
            _mixes = new MixTable(setting.Profile, options.FaultTolerance + 1);
            _stages = new StageSizes(setting.Profile, setting.Profile.Reconfiguration!.Transfers);
        }

        protected override Strategy Show(PipelineMix plan) => plan.Shape;

        protected override double Rate(PipelineMix plan) => _mixes.Throughput(plan);

        protected override PipelineMix Target(in IntervalView view, PipelineMix running, Harm harm, bool checkpoint) => _mixes.For(view.Available);

        protected override (double Unharmed, double Survives) Chances(PipelineMix running, int instances, int lost) =>
            (PreemptionOutcomes.EveryStageKeeps(1, running.Instances, instances, lost, 1), LayerLosses.EveryLayerKept(running, _stages.Bounds, instances, lost));

        protected override Harm Judge(PipelineMix running, ReadOnlySpan<bool> lost) =>
            !lost[..running.Instances].Contains(true) ? Harm.None : LayerLosses.AnyLayerLost(running, _stages.Bounds, lost) ? Harm.Fatal : Harm.Covered;

        protected override double CoveredMs(PipelineMix from, PipelineMix to, bool joining) => Setting.Costs.RestartMs(to.Shape, joining) + _stages.LargestMs[to.Shape.Depth];

        protected override double ChangeMs(PipelineMix from, PipelineMix to) => CoveredMs(from, to, joining: true);
    }
}
