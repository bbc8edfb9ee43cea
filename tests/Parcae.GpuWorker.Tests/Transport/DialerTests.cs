using System.Net;
using System.Net.Sockets;
using Parcae.GpuWorker.Transport;
using Xunit;

namespace Parcae.GpuWorker.Tests.Transport;

public sealed class DialerTests
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    public void A_listener_is_reached_by_address_and_by_name(string host)
    {
        using var listener = Listen(8);
        using var socket = Dialer.Connect(host, PortOf(listener), Deadline.In(Patience.Long), CancellationToken.None);
        using var accepted = listener.Accept();
        Assert.Equal(accepted.LocalEndPoint, socket.RemoteEndPoint);
        Assert.False(socket.Blocking);
        Assert.Equal(1, accepted.Send([7]));
        Assert.True(socket.Poll(Patience.Long, SelectMode.SelectRead));
        Assert.Equal(1, socket.Receive(new byte[4]));
    }

    [Fact]
    public void Nobody_there_is_a_refusal()
    {
        int port;
        using (var listener = Listen(1)) port = PortOf(listener);
        var refused = Assert.Throws<SocketException>(() => Dialer.Connect("127.0.0.1", port, default, CancellationToken.None));
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
    }

    [Fact]
    public void Who_does_not_answer_is_given_up_at_the_deadline_or_when_it_is_cancelled()
    {
        // A listener whose queue is full takes no notice of further connections.
        using var listener = Listen(0);
        var filling = Enumerable.Range(0, 4).Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false }).ToArray();
        foreach (var socket in filling) Assert.Equal(SocketError.WouldBlock, Assert.Throws<SocketException>(() => socket.Connect(listener.LocalEndPoint!)).SocketErrorCode);

        Assert.Throws<TimeoutException>(() => Dialer.Connect("127.0.0.1", PortOf(listener), Deadline.In(TimeSpan.FromMilliseconds(50)), CancellationToken.None));
        using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        Assert.Throws<OperationCanceledException>(() => Dialer.Connect("127.0.0.1", PortOf(listener), default, cancel.Token));
        foreach (var socket in filling) socket.Dispose();
    }

    private static Socket Listen(int backlog)
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(backlog);
        return listener;
    }

    private static int PortOf(Socket listener) => ((IPEndPoint)listener.LocalEndPoint!).Port;
}
