using Parcae.Liveput.Costs.Constants;
using Parcae.Liveput.Profiles;

namespace Parcae.Liveput.Costs.Transitions;

/// <summary>Stages of every depth, cut by counting layers as the Parcae artifact does, with the time to transfer each.</summary>
/// <remarks>The first stage gets floor((L-1)/P)+1 layers, the others floor((L-1)/P); what remains goes one each to the stages P-2, P-3 and so on, never to the last.</remarks>
internal sealed class StageSizes
{
    private readonly PlanningProfile _profile;
    private readonly TransferTable _transfers;

    public StageSizes(PlanningProfile profile, TransferTable transfers)
    {
        (_profile, _transfers) = (profile, transfers);
        Bounds = new int[profile.MaxDepth + 1][];
        TransferMs = new double[profile.MaxDepth + 1][];
        LargestMs = new double[profile.MaxDepth + 1];
        for (int depth = 1; depth <= profile.MaxDepth; depth++)
        {
            var bounds = Bounds[depth] = Cut(profile.LayerCount, depth);
            TransferMs[depth] = [.. Enumerable.Range(0, depth).Select(s => Ms(profile.Parameters(bounds[s], bounds[s + 1])))];
            LargestMs[depth] = TransferMs[depth].Max();
        }
    }

    /// <summary>First layer of each stage, and the number of layers, <c>[depth][stage]</c>.</summary>
    public int[][] Bounds { get; }

    /// <summary>Time to transfer each stage's state, <c>[depth][stage]</c>, milliseconds.</summary>
    public double[][] TransferMs { get; }

    /// <summary>The longest of a depth, <c>[depth]</c>, milliseconds.</summary>
    public double[] LargestMs { get; }

    /// <summary>Time to transfer the state of so many parameters, milliseconds.</summary>
    public double Ms(double parameters) => _transfers.Milliseconds(parameters * _profile.StateBytesPerParameter);

    /// <summary>Parameters of a stage.</summary>
    public long Parameters(int depth, int stage) => _profile.Parameters(Bounds[depth][stage], Bounds[depth][stage + 1]);

    /// <summary>Parameters that stage <paramref name="from"/> of one depth and stage <paramref name="to"/> of another have in common.</summary>
    public long Common(int fromDepth, int from, int toDepth, int to)
    {
        int first = Math.Max(Bounds[fromDepth][from], Bounds[toDepth][to]), end = Math.Min(Bounds[fromDepth][from + 1], Bounds[toDepth][to + 1]);
        return first < end ? _profile.Parameters(first, end) : 0;
    }

    private static int[] Cut(int layers, int depth)
    {
        int each = (layers - 1) / depth, more = (layers - 1) % depth;
        var bounds = new int[depth + 1];
        for (int s = 0; s < depth; s++)
        {
            int extra = s == 0 ? 1 : 0;
            if (s <= depth - 2 && s > depth - 2 - more) extra++;
            bounds[s + 1] = bounds[s] + each + extra;
        }

        return bounds;
    }
}
