using Parcae.Liveput.Preemption;

namespace Parcae.Liveput.Simulation.Policies.Checkpointing;

/// <summary>A stand-in for Varuna (Athlur et al., EuroSys '22): checkpoints from time to time, and everything restarts as the fastest strategy when the instances have changed ("job morphing").</summary>
/// <remarks>
/// Taken from the paper and the documentation of github.com/microsoft/varuna (Morphing): a manager outside watches the machines, all workers write sharded checkpoints that are copied in the background, and every change
/// of the plan is a checkpoint and a restart of all from it. The loss of an instance in use ends the job; it restarts at once on what is left, from the last periodic checkpoint. The loss of a spare goes
/// unnoticed, and the plan stays the fastest. Instances that joined wait for the next periodic checkpoint: if the fastest strategy is then another, the job waits for the rest of the checkpoint and restarts from it; a restart
/// after a loss takes them in at once.
/// <para>
/// Simplified: no use is made of preemption notices (Varuna can write a checkpoint on a notice; <see cref="ReactivePolicy"/> does so without fail); detecting a loss takes no time; a checkpoint is durable by the next interval; starting
/// costs what it costs the artifact's reactive baseline, the transfer of all stages one after the other for loading.
/// </para>
/// </remarks>
/// <param name="options">When checkpoints are taken and what they cost; null for the defaults.</param>
public sealed class CheckpointPolicy(CheckpointOptions? options = null) : IPolicy
{
    private readonly CheckpointOptions _options = Valid(options);

    /// <inheritdoc/>
    public string Name => "checkpoint";

    /// <inheritdoc/>
    public IPolicyRun Start(SimulationSetting setting)
    {
        ArgumentNullException.ThrowIfNull(setting);
        return new Run(setting, _options);
    }

    private static CheckpointOptions Valid(CheckpointOptions? options)
    {
        options ??= new CheckpointOptions();
        options.Validate();
        return options;
    }

    private sealed class Run(SimulationSetting setting, CheckpointOptions options) : CheckpointedRun<Strategy>(setting, options)
    {
        private readonly BestThroughput _best = new(setting.Profile);
        private readonly double _restOfCheckpointMs = (1 - options.StallShare) * (setting.Profile.Reconfiguration?.CheckpointMs ?? 0);

        protected override Strategy Show(Strategy plan) => plan;

        protected override double Rate(Strategy plan) => Setting.Profile.Throughput(plan);

        protected override Strategy Target(in IntervalView view, Strategy running, Harm harm, bool checkpoint) =>
            running.IsPause || harm == Harm.Fatal || checkpoint ? _best.For(view.Available) : running;

        protected override (double Unharmed, double Survives) Chances(Strategy running, int instances, int lost)
        {
            double unharmed = PreemptionOutcomes.EveryStageKeeps(running.Pipelines, running.Depth, instances, lost, running.Pipelines);
            return (unharmed, unharmed);
        }

        protected override Harm Judge(Strategy running, ReadOnlySpan<bool> lost) => lost[..running.Instances].Contains(true) ? Harm.Fatal : Harm.None;

        protected override double CoveredMs(Strategy from, Strategy to, bool joining) => throw new InvalidOperationException("Without replicas that step in, no loss of an instance in use is covered.");

        protected override double ChangeMs(Strategy from, Strategy to) => _restOfCheckpointMs + Restart.Ms(to, joining: true, checkpoint: false, again: false);
    }
}
