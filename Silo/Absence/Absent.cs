using Parcae.Grains;
using Parcae.Silo.Hosting;
using StackExchange.Redis;

namespace Parcae.Silo.Absence;

/// <summary>What a process does while its instance is away: nothing, until the time is over or it is called back.</summary>
internal static class Absent
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(200);

    /// <summary>Waits until the absence is over.</summary>
    /// <param name="leave">The absence.</param>
    /// <param name="redis">The service's Redis, where it may be called back.</param>
    /// <param name="serviceId">The service.</param>
    /// <param name="output">Told of the beginning and the end.</param>
    /// <param name="health">Where the silo would answer health checks; null: nowhere.</param>
    public static async Task WaitAsync(Leave leave, ConfigurationOptions redis, string serviceId, TextWriter output, HttpPort? health = null)
    {
        await using var checks = health is null ? null : await AbsentHealth.StartAsync(health);
        await output.WriteLineAsync($"ABSENT {leave.InstanceId} for {Math.Max(0, leave.Left.TotalSeconds):0.#} s (order {leave.Order})");
        // Without a Redis that answers, the absence ends by the clock.
        var options = redis.Clone();
        options.AbortOnConnectFail = false;
        options.BacklogPolicy = BacklogPolicy.FailFast;
        await using var connection = await ConnectionMultiplexer.ConnectAsync(options);
        string key = VanishOrder.RecallKey(serviceId, leave.Order);
        string? trouble = null;
        while (leave.Left > TimeSpan.Zero)
        {
            try
            {
                if (await connection.GetDatabase().KeyExistsAsync(key))
                {
                    await output.WriteLineAsync($"{leave.InstanceId} is called back, {leave.Left.TotalSeconds:0.#} s before its time");
                    return;
                }

                trouble = null;
            }
            catch (Exception e) when (e is RedisException or TimeoutException)
            {
                if (trouble is null) await output.WriteLineAsync($"{leave.InstanceId} cannot hear whether it is called back: {e.Message}");
                trouble = e.Message;
            }

            var left = leave.Left;
            if (left > TimeSpan.Zero) await Task.Delay(left < Every ? left : Every);
        }

        await output.WriteLineAsync($"{leave.InstanceId} comes back: its time is over");
    }
}
