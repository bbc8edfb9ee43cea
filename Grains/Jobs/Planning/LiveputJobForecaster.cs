using Parcae.Liveput.Forecasting;
using History = Parcae.Liveput.Forecasting.AvailabilityInterval;

namespace Parcae.Grains.Jobs.Planning;

/// <summary>Puts a fleet's past to the forecaster that a job names.</summary>
internal sealed class LiveputJobForecaster(JobSpec spec) : IJobForecaster
{
    private readonly IAvailabilityForecaster _forecaster = Forecasters.Create(spec.Planning.Forecast);

    public AvailabilityForecast Forecast(FleetSnapshot fleet) =>
        _forecaster.Forecast([.. fleet.Intervals.Select(i => new History(i.Available, i.Joined, i.Lost))], spec.Planning.LookAhead);
}
