namespace Parcae.Liveput.Forecasting.Backtesting;

/// <summary>Sums of scores by distance ahead.</summary>
internal sealed class BacktestTally(int lookAhead, int bandsAhead)
{
    private readonly Sums[] _sums = new Sums[lookAhead];
    private readonly List<ForecastBands> _bands = [];

    /// <summary>Scores one forecast interval.</summary>
    public void Add(IntervalForecast forecast, int ahead, int interval, AvailabilityInterval seen)
    {
        double mean = forecast.MeanAvailable, error = mean - seen.Available;
        double[] counts = forecast.Available;
        ref var sums = ref _sums[ahead];
        sums.Count++;
        sums.Absolute += Math.Abs(error);
        sums.Squared += error * error;
        sums.Crps += ForecastScores.Crps(counts, seen.Available);
        sums.Covered50 += ForecastScores.Covered(counts, seen.Available, 0.5);
        sums.Covered80 += ForecastScores.Covered(counts, seen.Available, 0.8);
        sums.Covered95 += ForecastScores.Covered(counts, seen.Available, 0.95);
        sums.LossLog += ForecastScores.LogScore(forecast.Lost, seen.Lost);
        sums.CountLog += ForecastScores.LogScore(counts, seen.Available);
        if (ahead + 1 != bandsAhead) return;
        int At(double share) => ForecastScores.Quantile(counts, share);
        _bands.Add(new ForecastBands(interval, seen.Available, mean, At(0.25), At(0.75), At(0.1), At(0.9), At(0.025), At(0.975)));
    }

    /// <summary>Means, with skill against a reference on the same intervals.</summary>
    public BacktestResult Result(string name, BacktestTally reference)
    {
        Sums all = default, referenceAll = default;
        for (int i = 0; i < _sums.Length; i++)
        {
            all.Add(_sums[i]);
            referenceAll.Add(reference._sums[i]);
        }

        return new BacktestResult(
            name, all.Means(referenceAll), [.. _sums.Zip(reference._sums).Where(pair => pair.First.Count > 0).Select(pair => pair.First.Means(pair.Second))], _bands);
    }

    private struct Sums
    {
        public int Count;
        public double Absolute, Squared, Crps, Covered50, Covered80, Covered95, LossLog, CountLog;

        public void Add(in Sums other)
        {
            Count += other.Count;
            Absolute += other.Absolute;
            Squared += other.Squared;
            Crps += other.Crps;
            Covered50 += other.Covered50;
            Covered80 += other.Covered80;
            Covered95 += other.Covered95;
            LossLog += other.LossLog;
            CountLog += other.CountLog;
        }

        public readonly BacktestScores Means(in Sums reference) => new()
        {
            Forecasts = Count,
            MeanAbsoluteError = Absolute / Count,
            RootMeanSquareError = Math.Sqrt(Squared / Count),
            Crps = Crps / Count,
            // A trace that persistence forecasts perfectly leaves no skill to show.
            Skill = reference.Crps > 0 ? 1 - (Crps / reference.Crps) : 0,
            Coverage50 = Covered50 / Count,
            Coverage80 = Covered80 / Count,
            Coverage95 = Covered95 / Count,
            LossLogScore = LossLog / Count,
            CountLogScore = CountLog / Count,
        };
    }
}
