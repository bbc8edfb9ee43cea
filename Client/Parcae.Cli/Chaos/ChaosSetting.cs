using Parcae.Grains;

namespace Parcae.Cli.Chaos;

/// <summary>How faults are ordered.</summary>
internal sealed record ChaosSetting
{
    /// <summary>How many.</summary>
    public int Faults { get; init; } = 10;

    /// <summary>From the recovery of the job to the next fault.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a fault may wait for its point to be passed.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long the job may take to get on after a fault.</summary>
    public TimeSpan Recovery { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Steps that the job must commit before it counts as recovered; more than can be under way in reports when a worker is lost.</summary>
    public int FurtherSteps { get; init; } = 5;

    /// <summary>Whether a pause of the job is waited out (somebody starts instances) or ends the run.</summary>
    public bool WaitsOutPauses { get; init; }

    /// <summary>Time between two looks.</summary>
    public TimeSpan Every { get; init; } = TimeSpan.FromMilliseconds(100);
}

/// <summary>Told of faults as they come and go.</summary>
internal interface IChaosListener
{
    /// <summary>A fault is about to be ordered.</summary>
    void Ordering(int number, string instance, FaultOrder order);

    /// <summary>A fault is over.</summary>
    void Over(FaultRecord fault);

    /// <summary>Whether somebody else took the instance away, so that its end is not the fault's doing.</summary>
    bool TookAway(string instance) => false;
}
