using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Parcae.Grains;

namespace Parcae.GpuWorker.Service;

/// <summary>Joins the fleet once the silo is up, and says so on standard output: <c>READY id</c>.</summary>
internal sealed partial class FleetRegistration(
    IGrainFactory grains, ILocalSiloDetails silo, WorkerHost host, IOptions<GpuWorkerOptions> options, ILogger<FleetRegistration> logger)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var o = options.Value;
        var info = new InstanceInfo
        {
            Id = o.InstanceId,
            Role = o.Role,
            Silo = silo.SiloAddress,
            DataPlane = host.Endpoint,
            Zone = o.Zone,
            PricePerHour = o.PricePerHour,
        };
        for (var wait = TimeSpan.FromMilliseconds(250); ; wait = TimeSpan.FromTicks(Math.Min(wait.Ticks * 2, TimeSpan.TicksPerSecond * 5)))
        {
            try
            {
                await grains.GetGrain<IFleetGrain>(o.Fleet).Join(info);
                break;
            }
            catch (Exception e) when (e is OrleansException or TimeoutException)
            {
                LogJoinFailed(e, o.Fleet, wait);
                await Task.Delay(wait, stoppingToken);
            }
        }
        string device = host.Device.ToString();
        LogJoined(o.InstanceId, o.Fleet, info.DataPlane.Port, device);
        await Console.Out.WriteLineAsync($"READY {o.InstanceId}");
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Instance {InstanceId} joined fleet {Fleet}; its data plane listens on port {Port}, it computes on {Device}.")]
    private partial void LogJoined(string instanceId, string fleet, int port, string device);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Joining fleet {Fleet} failed; next try in {Wait}.")]
    private partial void LogJoinFailed(Exception e, string fleet, TimeSpan wait);
}
