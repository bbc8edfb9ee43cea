namespace Parcae.Grains.Tests.Protocol;

/// <summary>Where an activation of the job grain is: the awaits of the reconciler and of a reconfiguration.</summary>
internal enum At : byte
{
    /// <summary>Activated, nothing asked yet.</summary>
    Recover,

    /// <summary>Marked dirty: to look what there is to do.</summary>
    Look,

    /// <summary>Nothing to do.</summary>
    Idle,

    /// <summary>A planned change is prepared by shadows.</summary>
    Shadowing,

    /// <summary>The generation's number is being saved.</summary>
    SaveNumber,

    /// <summary>Halts are out.</summary>
    Halting,

    /// <summary>Preparations are out.</summary>
    Preparing,

    /// <summary>The plan is being saved.</summary>
    SavePlan,

    /// <summary>Switches are out.</summary>
    Switching,

    /// <summary>Training goes on: to be saved.</summary>
    SaveEnd,

    /// <summary>Releases are out.</summary>
    Releasing,

    /// <summary>The job is completed: to be saved.</summary>
    SaveCompleted,

    /// <summary>The job is completed.</summary>
    Completed,
}

/// <summary>What a job grain saves.</summary>
internal readonly record struct Durable(int Attempted, int Plan, bool VaultFollows, bool Halted, bool Paused, bool Completed, int Committed, int Settled, int Entries)
{
    public void Write(KeyWriter key)
    {
        key.Flags(VaultFollows, Halted, Paused, Completed);
        foreach (int value in (ReadOnlySpan<int>)[Attempted, Plan, Committed, Settled, Entries]) key.Add(value);
    }
}

/// <summary>What a node said in a halt.</summary>
internal sealed record Said(int[] Held, int PendingStep, int PendingLayers, int Log);

/// <summary>An activation of the job grain.</summary>
internal sealed class Grain
{
    /// <summary>What it would save: its state in memory.</summary>
    public Durable State;

    /// <summary>Whether nobody else has saved since it read or saved last.</summary>
    public bool Current = true;
    public bool Frozen = true, VaultLeft;
    public int Suspects, Refused;
    public At At = At.Recover;

    /// <summary>The attempt under way: its number, whether it is to end at a boundary, whether in the end of the job.</summary>
    public int Gen;
    public bool Boundary, Completing, Urgent;

    /// <summary>Nodes that are asked and have not answered; that failed; members, others and the vault among those halted.</summary>
    public int Waiting, Failed, Members, Others, Vault, Places;
    public required Said?[] Reports;

    public Grain Clone()
    {
        var copy = (Grain)MemberwiseClone();
        copy.Reports = [.. Reports];
        return copy;
    }

    public void Write(KeyWriter key)
    {
        State.Write(key);
        key.Flags(Current, Frozen, VaultLeft, Boundary, Completing, Urgent);
        foreach (int value in (ReadOnlySpan<int>)[Suspects, Refused, (int)At, Gen, Waiting, Failed, Members, Others, Vault, Places]) key.Add(value);
        foreach (var said in Reports)
        {
            if (said is null)
            {
                key.Add(-1);
                continue;
            }

            foreach (int held in said.Held) key.Add(held);
            key.Add(said.PendingStep);
            key.Add(said.PendingLayers);
            key.Add(said.Log);
        }
    }
}
