namespace Parcae.Grains.Tests.Protocol;

/// <summary>How a run ended.</summary>
internal enum RunEnd : byte
{
    /// <summary>It has not.</summary>
    None,

    /// <summary>At a boundary that all agreed on, or after the last step: everything was sent.</summary>
    Done,

    /// <summary>In the middle of a step, because somebody was told to stop: nobody is reported.</summary>
    Halted,

    /// <summary>A peer was lost, which is reported until somebody halts the run.</summary>
    Broken,
}

/// <summary>A worker or the state vault: what the process holds, and what it has sent, which outlives it.</summary>
internal sealed class Node
{
    public bool Up, Listed, Cut, Frozen = true;

    /// <summary>Has not joined yet.</summary>
    public bool Fresh;

    /// <summary>The lowest generation accepted.</summary>
    public int Fence;

    /// <summary>The highest generation for which it was halted or prepared.</summary>
    public int Promised;

    /// <summary>Versions held of each layer, as bits.</summary>
    public required int[] Held;

    /// <summary>The step whose reduced gradients are kept from a run that was halted, or -1, and for which layers.</summary>
    public int PendingStep = -1, PendingLayers;

    /// <summary>Steps whose results are remembered, as bits.</summary>
    public int Log;

    /// <summary>The last run's generation, the step that it is at, and how far it is in it: computing, in the barrier of its stage, in that of its pipeline.</summary>
    public int RunGen, RunStep, RunPhase;
    public RunEnd End = RunEnd.Done;
    public int BrokenPeer = -1;

    /// <summary>Whether the run has the reduced gradients of the step in which it ended.</summary>
    public bool Reduced;
    public bool StopAsked, StopSent;

    /// <summary>The generation that is prepared, or is being prepared: its layers are awaited.</summary>
    public int Prepared, Fetching;

    /// <summary>The generation that is followed; of each layer the node it is followed at, or -1, and its version, or -1.</summary>
    public int ShadowGen;
    public required int[] ShadowFrom, ShadowVersion;

    /// <summary>Steps of that generation whose results those who are followed have told, as bits.</summary>
    public int ShadowLog;

    /// <summary>A step report that is on its way when its sender is lost: its generation, and the steps.</summary>
    public int LateGen, LateLog;

    public bool Running => RunGen > 0 && End == RunEnd.None;

    public static Node Create(int layers) =>
        new() { Held = new int[layers], ShadowFrom = [.. Enumerable.Repeat(-1, layers)], ShadowVersion = [.. Enumerable.Repeat(-1, layers)] };

    public Node Clone()
    {
        var copy = (Node)MemberwiseClone();
        copy.Held = [.. Held];
        copy.ShadowFrom = [.. ShadowFrom];
        copy.ShadowVersion = [.. ShadowVersion];
        return copy;
    }

    /// <summary>Whether it has come as far in a generation's training; what it sent until then may be read.</summary>
    public bool Reached(int generation, int step, int phase) => RunGen == generation && (RunStep > step || (RunStep == step && RunPhase >= phase));

    /// <summary>The process is gone: only what it sent is left.</summary>
    public void Die()
    {
        (Up, Cut, Frozen, Fence, Promised, PendingStep, PendingLayers, Log, BrokenPeer, Reduced, StopAsked) = (false, false, true, 0, 0, -1, 0, 0, -1, false, false);
        (Prepared, Fetching) = (0, 0);
        if (End == RunEnd.None) End = RunEnd.Broken;
        Array.Clear(Held);
        Unfollow();
    }

    public void Unfollow()
    {
        (ShadowGen, ShadowLog) = (0, 0);
        Array.Fill(ShadowFrom, -1);
        Array.Fill(ShadowVersion, -1);
    }

    public void Write(KeyWriter key)
    {
        key.Flags(Up, Listed, Cut, Frozen, Reduced, StopAsked, StopSent, Fresh);
        foreach (int value in (ReadOnlySpan<int>)[Fence, Promised, PendingStep, PendingLayers, Log, RunGen, RunStep, RunPhase, (int)End, BrokenPeer, Prepared, Fetching, ShadowGen, ShadowLog, LateGen, LateLog]) key.Add(value);
        for (int layer = 0; layer < Held.Length; layer++)
        {
            key.Add(Held[layer]);
            if (ShadowGen == 0) continue;
            key.Add(ShadowFrom[layer]);
            key.Add(ShadowVersion[layer]);
        }
    }
}
