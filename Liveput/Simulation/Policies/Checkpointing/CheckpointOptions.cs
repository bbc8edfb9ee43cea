namespace Parcae.Liveput.Simulation.Policies.Checkpointing;

/// <summary>Checkpoints that a policy takes from time to time.</summary>
public sealed record CheckpointOptions
{
    /// <summary>Seconds from one checkpoint to the next, rounded up to whole intervals. The default value is 300.</summary>
    public double Seconds { get; init; } = 300;

    /// <summary>
    /// Of the time that a checkpoint takes, the share that training stands still: 1 when it is written synchronously, less when most of it is copied in the background. The default value is 0.25:
    /// every instance writes its shard to its own volume (GPT-2's 20 GB over 27 p3.2xlarge at their 1.75 Gb/s take 3.4 s of the 14 s measured for the whole), the upload is in the background.
    /// </summary>
    public double StallShare { get; init; } = 0.25;

    /// <summary>Throws <see cref="ArgumentOutOfRangeException"/> when a value is out of range.</summary>
    internal void Validate()
    {
        if (!(Seconds > 0) || !double.IsFinite(Seconds)) throw new ArgumentOutOfRangeException(nameof(Seconds), Seconds, "A checkpoint must be due after more than 0 seconds.");
        if (!(StallShare >= 0 && StallShare <= 1)) throw new ArgumentOutOfRangeException(nameof(StallShare), StallShare, "The share of a checkpoint that stalls must be from 0 to 1.");
    }

    /// <summary>Intervals from one checkpoint to the next, at least 1.</summary>
    internal int Every(double intervalSeconds) => (int)Math.Clamp(Math.Ceiling(Seconds / intervalSeconds), 1, int.MaxValue);
}
