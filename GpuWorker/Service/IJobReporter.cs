using Parcae.Grains;

namespace Parcae.GpuWorker.Service;

/// <summary>Carries a worker's reports to its job.</summary>
internal interface IJobReporter
{
    /// <inheritdoc cref="IJobGrain.ReportSteps"/>
    Task<StepAck> ReportStepsAsync(string jobId, StepReport report);

    /// <inheritdoc cref="IJobGrain.ReportBroken"/>
    Task ReportBrokenAsync(string jobId, BrokenReport report);
}

/// <summary>Reports to the job's grain.</summary>
internal sealed class GrainJobReporter(IGrainFactory grains) : IJobReporter
{
    public Task<StepAck> ReportStepsAsync(string jobId, StepReport report) => grains.GetGrain<IJobGrain>(jobId).ReportSteps(report);

    public Task ReportBrokenAsync(string jobId, BrokenReport report) => grains.GetGrain<IJobGrain>(jobId).ReportBroken(report);
}
