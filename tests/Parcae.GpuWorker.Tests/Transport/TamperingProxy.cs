using System.Net;
using System.Net.Sockets;
using Parcae.Grains;

namespace Parcae.GpuWorker.Tests.Transport;

/// <summary>Stands between a holder and whoever fetches from it, reads along, and changes one byte of what the holder sends on each connection.</summary>
internal sealed class TamperingProxy : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<Socket> _sockets = [];
    private readonly MemoryStream _passed = new();
    private readonly PeerEndpoint _behind;
    private readonly long _at;

    /// <param name="behind">The holder.</param>
    /// <param name="at">Which byte is changed, counted from the beginning of a connection; <see cref="long.MaxValue"/>: none.</param>
    public TamperingProxy(PeerEndpoint behind, long at)
    {
        (_behind, _at) = (behind, at);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        Endpoint = behind with { Port = ((IPEndPoint)_listener.LocalEndPoint!).Port };
        Start(Accept);
    }

    /// <summary>Where the holder seems to be.</summary>
    public PeerEndpoint Endpoint { get; }

    /// <summary>Everything that both sides have sent.</summary>
    public byte[] Passed()
    {
        lock (_passed) return _passed.ToArray();
    }

    public void Dispose()
    {
        _listener.Dispose();
        lock (_sockets) _sockets.ForEach(s => s.Dispose());
    }

    private static void Start(Action run) => new Thread(() =>
    {
        try
        {
            run();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // One of the two is gone, or the test is over.
        }
    })
    { IsBackground = true }.Start();

    private void Accept()
    {
        while (true)
        {
            var near = _listener.Accept();
            var far = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            lock (_sockets) _sockets.AddRange([near, far]);
            far.Connect(_behind.Host, _behind.Port);
            Start(() => Pump(near, far, long.MaxValue));
            Start(() => Pump(far, near, _at));
        }
    }

    private void Pump(Socket from, Socket to, long tamperAt)
    {
        var bytes = new byte[16 << 10];
        long at = 0;
        for (int read; (read = from.Receive(bytes)) > 0; at += read)
        {
            if (tamperAt >= at && tamperAt < at + read) bytes[tamperAt - at] ^= 1;
            lock (_passed) _passed.Write(bytes, 0, read);
            to.Send(bytes.AsSpan(0, read));
        }

        to.Shutdown(SocketShutdown.Both);
    }
}
