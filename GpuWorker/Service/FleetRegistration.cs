using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Parcae.Grains;

namespace Parcae.GpuWorker.Service;

/// <summary>
/// Joins the fleet once the silo is up, and says so on standard output when the whole process is up, its HTTP port with it: <c>READY id</c>. From then on it says from time to time that it is there: one that was taken for lost and is alive joins anew, the more hesitantly
/// the more often. One whose training thread hangs does not: it could do nothing for anybody.
/// </summary>
internal sealed partial class FleetRegistration(
    IGrainFactory grains, ILocalSiloDetails silo, WorkerHost host, IHostApplicationLifetime lifetime, ILogger<FleetRegistration> logger)
    : BackgroundService
{
    private static readonly TimeSpan Confirm = TimeSpan.FromSeconds(20), LongestConfirm = TimeSpan.FromMinutes(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var o = host.Options;
        var info = new InstanceInfo
        {
            Id = o.InstanceId,
            Role = o.Role,
            Silo = silo.SiloAddress,
            DataPlane = host.Endpoint with { Incarnation = silo.SiloAddress.Generation },
            Zone = o.Zone,
            PricePerHour = o.PricePerHour,
        };
        await JoinAsync(info, o.Fleet, stoppingToken);
        host.HasJoined = true;
        string device = host.Device.ToString();
        LogJoined(o.InstanceId, o.Fleet, info.DataPlane.Port, device);
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using (lifetime.ApplicationStarted.Register(started.SetResult)) await started.Task.WaitAsync(stoppingToken);
        await Console.Out.WriteLineAsync($"READY {o.InstanceId}");

        for (var period = Confirm; ;)
        {
            await Task.Delay(period, stoppingToken);
            if (host.Hang is { } hang)
            {
                LogHangs(o.InstanceId, o.Fleet, hang);
                continue;
            }

            if (!await JoinAsync(info, o.Fleet, stoppingToken)) continue;
            LogRejoined(o.InstanceId, o.Fleet);
            period = TimeSpan.FromTicks(Math.Min(period.Ticks * 2, LongestConfirm.Ticks));
        }
    }

    /// <summary>Joins, however often it takes: whatever keeps the fleet from answering (its storage, say) is no reason for a worker to end. Returns whether that was news to the fleet.</summary>
    private async Task<bool> JoinAsync(InstanceInfo info, string fleet, CancellationToken stoppingToken)
    {
        for (var wait = TimeSpan.FromMilliseconds(250); ; wait = TimeSpan.FromTicks(Math.Min(wait.Ticks * 2, TimeSpan.TicksPerSecond * 5)))
        {
            try
            {
                return await grains.GetGrain<IFleetGrain>(fleet).Join(info);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogJoinFailed(e, fleet, wait);
                await Task.Delay(wait, stoppingToken);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Instance {InstanceId} joined fleet {Fleet}; its data plane listens on port {Port}, it computes on {Device}.")]
    private partial void LogJoined(string instanceId, string fleet, int port, string device);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Instance {InstanceId} was taken for lost and has joined fleet {Fleet} anew.")]
    private partial void LogRejoined(string instanceId, string fleet);

    [LoggerMessage(Level = LogLevel.Error, Message = "Instance {InstanceId} does not tell fleet {Fleet} that it is there, and needs a new process: {Hang}.")]
    private partial void LogHangs(string instanceId, string fleet, string hang);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Joining fleet {Fleet} failed; next try in {Wait}.")]
    private partial void LogJoinFailed(Exception e, string fleet, TimeSpan wait);
}
