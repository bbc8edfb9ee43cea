using System.Globalization;

using Parcae.Cli.Commands;
using Parcae.Cli.Replay.Fleet;
using Parcae.Grains;

using StackExchange.Redis;

namespace Parcae.Cli.Replay;

/// <summary>What a replay has in the service's Redis: the lease that keeps others off the fleet, and the words by which workers that are away are called back.</summary>
internal sealed class ReplayStore : IRecalls, IAsyncDisposable
{
    /// <summary>The lease of a command that is gone ends after this.</summary>
    public static readonly TimeSpan LeaseTime = TimeSpan.FromSeconds(30);

    /// <summary>Longer than any worker that is called back takes to ask.</summary>
    private static readonly TimeSpan RecallTime = TimeSpan.FromDays(1);

    private readonly ConnectionMultiplexer _connection;
    private readonly string _serviceId;

    private ReplayStore(ConnectionMultiplexer connection, string serviceId) => (_connection, _serviceId) = (connection, serviceId);

    private IDatabase Database => _connection.GetDatabase();

    /// <summary>Connects.</summary>
    /// <exception cref="CommandFailedException">It cannot be reached.</exception>
    public static async Task<ReplayStore> ConnectAsync(RedisConnection redis, string serviceId)
    {
        try
        {
            var connection = await ConnectionMultiplexer.ConnectAsync(redis.ToOptions()).ConfigureAwait(false);
            return new ReplayStore(connection, serviceId);
        }
        catch (RedisException e)
        {
            throw new CommandFailedException($"The service's Redis at {redis} cannot be reached: {e.Message}", e);
        }
    }

    /// <summary>Takes the fleet for a replay.</summary>
    /// <param name="fleet">The fleet.</param>
    /// <param name="replay">Id of the replay.</param>
    /// <exception cref="CommandFailedException">Another replay has it.</exception>
    public async Task TakeAsync(string fleet, string replay)
    {
        if (await Database.LockTakeAsync(LeaseKey(fleet), Holder(replay), LeaseTime).ConfigureAwait(false)) return;
        string? other = await Database.LockQueryAsync(LeaseKey(fleet)).ConfigureAwait(false);
        throw new CommandFailedException(
            $"Another replay is running on fleet '{fleet}': {other ?? "it has just ended"}. Wait for its end; should its command be gone, it ends by itself after {LeaseTime.TotalSeconds:0} s.");
    }

    /// <summary>Keeps the fleet until cancelled.</summary>
    /// <exception cref="CommandFailedException">It was lost: this command stood still for too long, or Redis lost it.</exception>
    public async Task KeepAsync(string fleet, string replay, CancellationToken cancellation)
    {
        while (true)
        {
            await Task.Delay(LeaseTime / 6, cancellation).ConfigureAwait(false);
            try
            {
                if (await Database.LockExtendAsync(LeaseKey(fleet), Holder(replay), LeaseTime).ConfigureAwait(false)) continue;
                // After a restart of Redis without its data nobody has it.
                if (!await Database.LockTakeAsync(LeaseKey(fleet), Holder(replay), LeaseTime).ConfigureAwait(false))
                    throw new CommandFailedException($"Fleet '{fleet}' was taken by another replay: {await Database.LockQueryAsync(LeaseKey(fleet)).ConfigureAwait(false)}");
            }
            catch (Exception e) when (e is RedisException or TimeoutException)
            {
                // Away for a while: the next try says whether somebody else has it.
            }
        }
    }

    /// <summary>Gives the fleet back.</summary>
    public Task ReleaseAsync(string fleet, string replay) => Database.LockReleaseAsync(LeaseKey(fleet), Holder(replay));

    /// <inheritdoc/>
    public Task RecallAsync(string order) => Database.StringSetAsync(VanishOrder.RecallKey(_serviceId, order), "1", RecallTime);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private string LeaseKey(string fleet) => $"{_serviceId}/replay/fleet/{fleet}";

    private static string Holder(string replay) =>
        string.Create(CultureInfo.InvariantCulture, $"{replay}, started by {Environment.UserName} on {Environment.MachineName}, process {Environment.ProcessId}");
}
