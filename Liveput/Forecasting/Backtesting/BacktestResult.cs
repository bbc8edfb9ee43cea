namespace Parcae.Liveput.Forecasting.Backtesting;

/// <summary>What is back-tested.</summary>
public sealed record BacktestOptions
{
    /// <summary>Intervals forecast each time. The default value is 12.</summary>
    public int LookAhead { get; init; } = 12;

    /// <summary>Intervals of the past that a forecaster is shown at most; null: all. The default value is null.</summary>
    public int? History { get; init; }

    /// <summary>First interval that is forecast; what lies before it is known. At least the second of the trace. The default value is 0.</summary>
    public int From { get; init; }

    /// <summary>One past the last interval that is forecast; null: the trace's end. The default value is null.</summary>
    public int? To { get; init; }

    /// <summary>Most instances that there can be, for the persistence that skill is measured against; null: no bound. The default value is null.</summary>
    public int? MaxInstances { get; init; }

    /// <summary>How far ahead the forecasts lie that <see cref="BacktestResult.Bands"/> shows; at most <see cref="LookAhead"/>. The default value is 1.</summary>
    public int BandsAhead { get; init; } = 1;
}

/// <summary>Means of a forecaster's scores over many forecasts.</summary>
public sealed record BacktestScores
{
    /// <summary>Counts that were scored.</summary>
    public required int Forecasts { get; init; }

    /// <summary>Mean absolute error of the mean, in instances.</summary>
    public required double MeanAbsoluteError { get; init; }

    /// <summary>Root of the mean squared error of the mean, in instances.</summary>
    public required double RootMeanSquareError { get; init; }

    /// <summary>Continuous ranked probability score, in instances (<see cref="ForecastScores.Crps"/>).</summary>
    public required double Crps { get; init; }

    /// <summary>1 - CRPS / CRPS of persistence: above 0 is better than persistence, 1 is certain and right.</summary>
    public required double Skill { get; init; }

    /// <summary>How often the count lay in the central 50 % (<see cref="ForecastScores.Covered"/>).</summary>
    public required double Coverage50 { get; init; }

    /// <summary>How often the count lay in the central 80 %, in [0, 1].</summary>
    public required double Coverage80 { get; init; }

    /// <summary>How often the count lay in the central 95 %, in [0, 1].</summary>
    public required double Coverage95 { get; init; }

    /// <summary>Mean logarithmic score of the losses of an interval, in nats; lower is better (<see cref="ForecastScores.LogScore"/>).</summary>
    public required double LossLogScore { get; init; }

    /// <summary>Mean logarithmic score of the counts, in nats; lower is better.</summary>
    public required double CountLogScore { get; init; }
}

/// <summary>What was forecast for an interval and what came: a point of a picture.</summary>
/// <param name="Interval">Number of the interval in the trace.</param>
/// <param name="Actual">Its count.</param>
/// <param name="Mean">Mean of the forecast.</param>
/// <param name="Low50">Lower end of the central 50 %.</param>
/// <param name="High50">Upper end of the central 50 %.</param>
/// <param name="Low80">Lower end of the central 80 %.</param>
/// <param name="High80">Upper end of the central 80 %.</param>
/// <param name="Low95">Lower end of the central 95 %.</param>
/// <param name="High95">Upper end of the central 95 %.</param>
public readonly record struct ForecastBands(int Interval, int Actual, double Mean, int Low50, int High50, int Low80, int High80, int Low95, int High95);

/// <summary>How well a forecaster did.</summary>
/// <param name="Forecaster">Its name.</param>
/// <param name="Scores">Over all distances ahead.</param>
/// <param name="ByAhead">For each distance: the first entry is the interval right after the history.</param>
/// <param name="Bands">Forecasts made a fixed distance ahead, in the order of the intervals that they are for.</param>
public sealed record BacktestResult(string Forecaster, BacktestScores Scores, IReadOnlyList<BacktestScores> ByAhead, IReadOnlyList<ForecastBands> Bands);
