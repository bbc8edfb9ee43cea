using System.Net;
using System.Net.Sockets;
using System.Text;

using Parcae.Cli.Commands;

namespace Parcae.Cli.Demo.Processes;

/// <summary>
/// The store and the control silo. Either is started again, with the same data, when it ends by itself: the job outlives both.
/// </summary>
internal sealed class DemoServices(ProcessSupervisor processes, SiloCommandLine commands, DemoFolder folder, int redisPort, TimeSpan interval,
    DemoProgress progress, DemoAbort abort, int named = 0)
{
    private const int MaxRestarts = 10;

    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(90);

    private int _controlNumber = named;
    private int _restarts;

    /// <summary>Address of the store.</summary>
    public string Redis => $"127.0.0.1:{redisPort}";

    /// <summary>Where the control silo's dashboard and metrics are.</summary>
    public string? Http { get; private set; }

    /// <summary>Starts both and waits until they are ready.</summary>
    public async Task StartAsync()
    {
        var cancellation = abort.Token;
        progress.Stage("starting the store");
        var store = await StartStoreAsync(cancellation).ConfigureAwait(false);
        _ = abort.GuardAsync(KeepAsync(store, StartStoreAsync, cancellation));
        progress.Stage("starting the control silo");
        var control = await StartControlAsync(cancellation).ConfigureAwait(false);
        _ = abort.GuardAsync(KeepAsync(control, StartControlAsync, cancellation));
    }

    private async Task<ChildProcess> StartStoreAsync(CancellationToken cancellation)
    {
        var store = processes.Start("store", commands.Store(redisPort, folder.Store), folder.Log("store"), StopOrder.Store);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(StartTimeout);
        try
        {
            while (!await AnswersPingAsync(redisPort, timeout.Token).ConfigureAwait(false))
            {
                if (store.Exited.IsCompleted) throw Failed(store, $"ended with exit code {await store.Exited.ConfigureAwait(false)} before it answered");
                await Task.Delay(50, timeout.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw Failed(store, $"did not answer a PING on port {redisPort} within {StartTimeout.TotalSeconds:0} s");
        }

        return store;
    }

    private async Task<ChildProcess> StartControlAsync(CancellationToken cancellation)
    {
        // An instance id is unique among all that ever were: the vault of a restarted silo is a new instance with the old checkpoints.
        string id = $"vault-{++_controlNumber}";
        int http = FreePorts.Next();
        var control = processes.Start(
            id, commands.Control(id, Redis, FreePorts.Next(), FreePorts.Next(), http, interval.TotalSeconds, folder.Checkpoints), folder.Log(id), StopOrder.Control);
        try
        {
            await control.Ready.WaitAsync(StartTimeout, cancellation).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw Failed(control, $"was not ready within {StartTimeout.TotalSeconds:0} s");
        }
        catch (ChildExitedException e)
        {
            throw Failed(control, $"ended with exit code {e.ExitCode} before it was ready");
        }

        Http = $"http://127.0.0.1:{http}";
        progress.Event(DemoEventKind.Info, $"the dashboard is at {Http}/");
        return control;
    }

    private async Task KeepAsync(ChildProcess child, Func<CancellationToken, Task<ChildProcess>> start, CancellationToken cancellation)
    {
        while (true)
        {
            int code = await child.Exited.WaitAsync(cancellation).ConfigureAwait(false);
            if (child.EndedByUs) return;
            // Ctrl-C reaches the whole process group: the children may be gone a moment before this process has been told.
            await Task.Delay(300, cancellation).ConfigureAwait(false);
            if (++_restarts > MaxRestarts) throw Failed(child, $"ended by itself (exit code {code}), the last of {_restarts} times");
            progress.Event(DemoEventKind.Trouble, $"{child.Id} ended by itself (exit code {code}); starting it again with the same data");
            child = await start(cancellation).ConfigureAwait(false);
            progress.Event(DemoEventKind.Info, $"{child.Id} is up");
        }
    }

    /// <summary>Whether a Redis server answers a PING over a connection of its own.</summary>
    internal static async Task<bool> AnswersPingAsync(int port, CancellationToken cancellation)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using var soon = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        soon.CancelAfter(TimeSpan.FromSeconds(1));
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port, soon.Token).ConfigureAwait(false);
            _ = await socket.SendAsync("*1\r\n$4\r\nPING\r\n"u8.ToArray(), soon.Token).ConfigureAwait(false);
            byte[] answer = new byte[64];
            int length = await socket.ReceiveAsync(answer, soon.Token).ConfigureAwait(false);
            return Encoding.ASCII.GetString(answer, 0, length).StartsWith("+PONG", StringComparison.Ordinal);
        }
        catch (SocketException)
        {
            return false;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }

    private static CommandFailedException Failed(ChildProcess child, string what) =>
        new($"'{child.Id}' {what}. The end of {child.LogFile}:{Environment.NewLine}{child.Tail}");
}
