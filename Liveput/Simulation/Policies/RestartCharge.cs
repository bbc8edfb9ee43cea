using Parcae.Liveput.Costs.Constants;
using Parcae.Liveput.Costs.Transitions;

namespace Parcae.Liveput.Simulation.Policies;

/// <summary>What it costs to stop everything and start a strategy from a checkpoint.</summary>
internal sealed class RestartCharge
{
    private readonly SimulationSetting _setting;
    private readonly double[] _allStagesMs;
    private readonly double _checkpointMs;

    public RestartCharge(SimulationSetting setting)
    {
        _setting = setting;
        var constants = ReconfigurationConstants.Of(setting.Profile);
        _checkpointMs = constants.CheckpointMs;
        _allStagesMs = [.. new StageSizes(setting.Profile, constants.Transfers).TransferMs.Select(stages => stages?.Sum() ?? 0)];
    }

    /// <summary>Milliseconds.</summary>
    /// <param name="to">The strategy that starts.</param>
    /// <param name="joining">Whether instances join.</param>
    /// <param name="checkpoint">Whether a checkpoint is written first.</param>
    /// <param name="again">Whether another restart was under way.</param>
    public double Ms(Strategy to, bool joining, bool checkpoint, bool again)
    {
        double restart = _setting.Costs.RestartMs(to, joining);
        return restart + (checkpoint ? _checkpointMs : 0) + _allStagesMs[to.Depth] + (again ? restart : 0);
    }
}
