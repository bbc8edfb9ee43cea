using Parcae.Grains;

namespace Parcae.Benchmarks.Pause;

/// <summary>One planned change as it was measured. Seconds, unless it says otherwise.</summary>
internal sealed record PlannedChange
{
    /// <summary>What was done: an instance joined, left.</summary>
    public required string Name { get; init; }

    /// <summary>The plan before and after, <c>D x P</c>.</summary>
    public required string Plans { get; init; }

    /// <summary>Size of the model's state.</summary>
    public required string State { get; init; }

    /// <summary>Median step of the old generation, before anything was done.</summary>
    public required double StepBefore { get; init; }

    /// <summary>Median step of the new generation, without its first one.</summary>
    public required double StepAfter { get; init; }

    /// <summary>From the last commit of the old generation to the first of the new one.</summary>
    public required double SwitchGap { get; init; }

    /// <summary>The longest time between two commits, from when the service was told to the third commit of the new generation: <see cref="SwitchGap"/>, unless training stood still at another time.</summary>
    public required double Gap { get; init; }

    /// <summary>How far off <see cref="Gap"/> may be.</summary>
    public required double Uncertainty { get; init; }

    /// <summary>The pause that the service itself recorded, and the first step of the new generation as its worker timed it.</summary>
    public required double RecordedPauseAndStep { get; init; }

    /// <summary>The service's records of the generations that the change took.</summary>
    public required GenerationRecord[] Records { get; init; }

    /// <summary>Where the new generation's first time went on each of its replicas.</summary>
    public required string[] FirstTimings { get; init; }

    /// <summary>The times between commits among which <see cref="Gap"/> is the longest, and how many steps after the switch that was; below 0: before it.</summary>
    public required double[] Gaps { get; init; }

    /// <inheritdoc cref="Gaps"/>
    public required int Longest { get; init; }

    /// <summary>What the processes of the workers used in <see cref="Gap"/>, and in a step later on.</summary>
    public required string[] Usage { get; init; }

    /// <summary>What <see cref="Gap"/> may be: one and a half steps of the slower generation, and 100 ms.</summary>
    public double Bound => 1.5 * Math.Max(StepBefore, StepAfter) + 0.1;

    /// <summary><see cref="Gap"/> over <see cref="Bound"/>.</summary>
    public double Ratio => Gap / Bound;

    /// <summary>For the result line.</summary>
    public Dictionary<string, object> ToDetail() => new()
    {
        ["change"] = Name,
        ["state"] = State,
        ["plans"] = Plans,
        ["kind"] = string.Join(", ", Records.Select(r => $"{r.Kind}")),
        ["source"] = string.Join(", ", Records.Select(r => r.Source)),
        ["gapSeconds"] = Round(Gap),
        ["boundSeconds"] = Round(Bound),
        ["ratio"] = Round(Ratio),
        ["switchGapSeconds"] = Round(SwitchGap),
        ["uncertaintySeconds"] = Round(Uncertainty),
        ["stepBeforeSeconds"] = Round(StepBefore),
        ["stepAfterSeconds"] = Round(StepAfter),
        ["recordedPauseAndFirstStepSeconds"] = Round(RecordedPauseAndStep),
        ["pauseMilliseconds"] = Records.Select(r => Math.Round(r.PauseMilliseconds)).ToArray(),
        ["prepareMilliseconds"] = Records.Select(r => Math.Round(r.PrepareMilliseconds)).ToArray(),
        ["commitMilliseconds"] = Records.Select(r => Math.Round(r.CommitMilliseconds ?? double.NaN, 1)).ToArray(),
        ["bytesMoved"] = Records.Sum(r => r.BytesMoved),
        ["firstStep"] = FirstTimings,
        ["gaps"] = Gaps,
        ["longestAfterSwitch"] = Longest,
        ["usage"] = Usage,
    };

    private static double Round(double value) => Math.Round(value, 3);
}
