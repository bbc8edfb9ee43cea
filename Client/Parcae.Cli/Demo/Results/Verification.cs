using Parcae.Grains;

namespace Parcae.Cli.Demo.Results;

/// <summary>Two runs of one job, step by step.</summary>
/// <param name="Steps">Steps compared.</param>
/// <param name="DifferentLosses">Steps whose loss differs in any bit.</param>
/// <param name="DifferentData">Steps whose data differ.</param>
/// <param name="MaxLossDifference">Greatest relative difference of a loss.</param>
/// <param name="FirstDifference">The first step that differs, or null.</param>
/// <param name="FinalLoss">The last loss of the undisturbed run.</param>
internal sealed record Verification(
    int Steps, int DifferentLosses, int DifferentData, double MaxLossDifference, int? FirstDifference, double FinalLoss)
{
    /// <summary>Whether both runs are the same, bit for bit.</summary>
    public bool Same => DifferentLosses == 0 && DifferentData == 0;

    /// <summary>The outcome in words.</summary>
    public string Text => Same
        ? $"all {Steps} steps are identical to an undisturbed run, bit for bit: losses and data"
        : $"DIFFERENT from an undisturbed run: {DifferentLosses} of {Steps} losses (at most by {MaxLossDifference:0.###e+0} relative), "
            + $"{DifferentData} steps' data; first at step {FirstDifference}";

    /// <summary>For the JSON document.</summary>
    public ReferenceResult ToReference() => new(FinalLoss, MaxLossDifference);

    /// <summary>Compares a run with an undisturbed one; a step that one of them lacks counts as different.</summary>
    public static Verification Compare(IReadOnlyList<StepResult> run, IReadOnlyList<StepResult> undisturbed)
    {
        int losses = 0, data = 0;
        int? first = null;
        double greatest = 0;
        int steps = Math.Max(run.Count, undisturbed.Count);
        for (int i = 0; i < steps; i++)
        {
            bool both = i < run.Count && i < undisturbed.Count;
            bool sameLoss = both && BitConverter.DoubleToInt64Bits(run[i].Loss) == BitConverter.DoubleToInt64Bits(undisturbed[i].Loss);
            bool sameData = both && run[i].DataChecksum == undisturbed[i].DataChecksum && run[i].Samples == undisturbed[i].Samples;
            if (!sameLoss) losses++;
            if (!sameData) data++;
            if (!sameLoss || !sameData) first ??= i;
            greatest = Math.Max(greatest, sameLoss ? 0 : both ? Difference(run[i].Loss, undisturbed[i].Loss) : double.PositiveInfinity);
        }

        return new Verification(steps, losses, data, greatest, first, undisturbed.Count > 0 ? undisturbed[^1].Loss : double.NaN);
    }

    private static double Difference(double a, double b)
    {
        double relative = Math.Abs(a - b) / Math.Max(Math.Abs(a), Math.Abs(b));
        return double.IsNaN(relative) ? double.PositiveInfinity : relative;
    }
}
