using Parcae.Grains;

namespace Parcae.Silo.Api.Jobs.Series;

/// <summary>When each step of a job was done (<see cref="StepEnds"/>), kept, so that only what is new is read.</summary>
internal sealed class StepTimes
{
    private const int Recent = 100;

    private readonly List<(double At, double Loss, int Samples, double Took)> _steps = [];
    private int _generations;

    /// <summary>Steps that are known.</summary>
    public int Count => _steps.Count;

    /// <summary>When the last of them was done, seconds since the job was submitted.</summary>
    public double End => _steps.Count == 0 ? 0 : _steps[^1].At;

    /// <summary>How long a step takes, the mean of the last ones, seconds; 0 without one.</summary>
    public double MeanSeconds => _steps.TakeLast(Recent).Select(s => s.Took).DefaultIfEmpty().Average();

    /// <summary>Forgets steps that newer generations run again.</summary>
    /// <returns>Whether it did: the steps from <see cref="Count"/> on are to be read.</returns>
    public bool FallBack(GenerationRecord[] generations)
    {
        int first = generations.Skip(_generations).Select(g => g.AtStep).DefaultIfEmpty(int.MaxValue).Min();
        if (first >= _steps.Count) return false;
        _steps.RemoveRange(first, _steps.Count - first);
        return true;
    }

    /// <summary>Takes in what follows the known steps.</summary>
    public void Add(JobHistory history)
    {
        var following = history with { Steps = [.. history.Steps.Where(s => s.Step >= _steps.Count).TakeWhile((s, i) => s.Step == _steps.Count + i)] };
        foreach (var (at, step) in StepEnds.Of(following, End)) _steps.Add((at, step.Loss, step.Samples, step.Seconds));
        _generations = history.Generations.Length;
    }

    /// <summary>The steps in buckets of a length.</summary>
    /// <param name="length">Seconds.</param>
    public StepBucket[] Buckets(double length) =>
    [
        .. _steps.Select((s, i) => (s.At, s.Loss, s.Samples, Step: i)).GroupBy(s => (int)(s.At / length)).Select(bucket =>
        {
            double[] losses = [.. bucket.Select(s => s.Loss).Where(double.IsFinite)];
            return new StepBucket(
                (bucket.Key + 0.5) * length, bucket.Max(s => s.Step),
                losses.Length == 0 ? null : losses.Average(), losses.Length == 0 ? null : losses.Min(), losses.Length == 0 ? null : losses.Max(),
                bucket.Sum(s => s.Samples) / length);
        }),
    ];
}
