using Parcae.Grains;

namespace Parcae.Silo.Api.Jobs.Series;

/// <summary>Keeps the steps of the jobs that somebody looks at, so that a look asks the grain only for what is new.</summary>
internal sealed class JobSeries(JobLooks looks)
{
    private const int MostKept = 32;

    /// <summary>No bucket is shorter than so many steps take: else they would come and go by chance.</summary>
    private const int StepsOfBucket = 5;

    private const double ShortestBucket = 1;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (SemaphoreSlim Turn, StepTimes Times)> _kept = new(StringComparer.Ordinal);

    /// <summary>A job over time.</summary>
    /// <param name="id">The job.</param>
    /// <param name="points">The most buckets of steps.</param>
    public async Task<SeriesView> GetAsync(string id, int points)
    {
        var status = await looks.StatusAsync(id);
        var job = looks.Job(id);
        var (turn, times) = Kept(id);
        await turn.WaitAsync();
        try
        {
            var history = await job.History(times.Count);
            if (times.FallBack(history.Generations)) history = await job.History(times.Count);
            times.Add(history);
            double interval = (await looks.FleetAsync(history.Spec.Fleet)).IntervalLength.TotalSeconds;
            double age = (history.At - history.SubmittedAt).TotalSeconds;
            if (status.Phase is JobPhase.Completed or JobPhase.Cancelled or JobPhase.Failed) age = Math.Max(times.End, history.Intervals is [.., var last] ? last.Seconds : 0);
            double length = Math.Max(Math.Max(age / points, ShortestBucket), times.Count == 0 ? 0 : StepsOfBucket * times.MeanSeconds);
            return new SeriesView
            {
                Seconds = age,
                BucketSeconds = length,
                Steps = times.Buckets(length),
                Intervals = history.Intervals,
                Generations = history.Generations,
                Forecast = status.Forecast,
                IntervalSeconds = interval,
            };
        }
        finally
        {
            turn.Release();
        }
    }

    private (SemaphoreSlim Turn, StepTimes Times) Kept(string id)
    {
        lock (_lock)
        {
            // What is forgotten is read again when somebody looks.
            if (_kept.Count >= MostKept && !_kept.ContainsKey(id)) _kept.Clear();
            if (!_kept.TryGetValue(id, out var kept)) _kept[id] = kept = (new SemaphoreSlim(1), new StepTimes());
            return kept;
        }
    }
}
