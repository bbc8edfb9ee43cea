using System.Text.Json;

namespace Parcae.Grains.Profiling;

/// <summary>A command to a worker's process, one a line on its standard input. It does one at a time.</summary>
/// <param name="Id">Comes back with the answer.</param>
/// <param name="Name">One of those of <see cref="ProfileCalls"/>.</param>
/// <param name="Body">What the command takes.</param>
public sealed record ProfileCall(int Id, string Name, JsonElement Body);

/// <summary>What a worker's process says, one a line on its standard output: that it is ready, an answer, or a report of its own.</summary>
public sealed record ProfileAnswer
{
    /// <summary>The command that is answered; 0: none.</summary>
    public int Id { get; init; }

    /// <summary>The answer.</summary>
    public JsonElement? Result { get; init; }

    /// <summary>Why there is none.</summary>
    public string? Error { get; init; }

    /// <summary>Where its data plane listens: it is ready.</summary>
    public PeerEndpoint? Ready { get; init; }

    /// <summary>Steps that it saw committed.</summary>
    public StepReport? Report { get; init; }

    /// <summary>A peer that it lost.</summary>
    public BrokenReport? Broken { get; init; }
}

/// <summary>The commands.</summary>
public static class ProfileCalls
{
    /// <summary>Times each layer: <see cref="LayersCall"/>, answered by <see cref="LayersAnswer"/>.</summary>
    public const string Layers = "layers";

    /// <summary>Times transfers with a peer, which is told the same: <see cref="LinkCall"/>, answered by <see cref="LinkTime"/>s.</summary>
    public const string Link = "link";

    /// <summary><see cref="IGpuWorker.Prepare"/>.</summary>
    public const string Prepare = "prepare";

    /// <summary><see cref="IGpuWorker.Switch"/>.</summary>
    public const string Switch = "switch";

    /// <summary><see cref="IGpuWorker.Release"/>, answered by the most resident memory since the last release, bytes.</summary>
    public const string Release = "release";
}

/// <summary>Time each layer.</summary>
/// <param name="Spec">The job.</param>
/// <param name="BudgetSeconds">Time for it.</param>
public sealed record LayersCall(JobSpec Spec, double BudgetSeconds);

/// <summary>Times of the layers.</summary>
/// <param name="Outline">The model with the times of its passes.</param>
/// <param name="UpdateSeconds">Times of the optimizer's updates, <c>[layers]</c>.</param>
public sealed record LayersAnswer(ModelOutline Outline, double?[] UpdateSeconds);

/// <summary>Time transfers with a peer.</summary>
/// <param name="Peer">The peer.</param>
/// <param name="Secret">Shared by both, 32 bytes.</param>
/// <param name="Leads">Whether this side sends and the other one receives.</param>
/// <param name="Sizes">Bytes, ascending.</param>
/// <param name="Rounds">Transfers of each size.</param>
public sealed record LinkCall(PeerEndpoint Peer, byte[] Secret, bool Leads, long[] Sizes, int Rounds);
