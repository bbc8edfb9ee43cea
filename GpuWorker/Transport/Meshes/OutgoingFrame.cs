using System.Runtime.InteropServices;

namespace Parcae.GpuWorker.Transport;

/// <summary>A frame on its way out, or the rest of one: its header, and a payload that is either the caller's memory, lent until it is written, or a copy. Reused.</summary>
internal sealed class OutgoingFrame
{
    private readonly byte[] _header = new byte[FrameHeader.Size];
    private FrameKey _key;
    private ReadOnlyMemory<float> _lent;
    private FrameBuffer? _copy;
    private int _headerAt;
    private int _payloadAt;

    /// <summary>Who lent the payload; null when it is a copy.</summary>
    public MeshWork? Lender { get; private set; }

    /// <summary>Bytes of the copy.</summary>
    public int CopiedBytes => _copy?.Length ?? 0;

    /// <summary>A frame of lent memory. Its checksum is taken when it is first written, so that the bytes are still in the cache then.</summary>
    public void Lend(FrameKey key, ReadOnlyMemory<float> payload, MeshWork lender) =>
        (_key, _lent, Lender, _copy, _headerAt, _payloadAt) = (key, payload, lender, null, -1, 0);

    /// <summary>Writes what the wire takes at once of a frame with this payload; <see cref="Keep"/> is for the rest.</summary>
    /// <returns>Whether that was all.</returns>
    public bool TryWriteNew(Wire wire, FrameKey key, int generation, ReadOnlySpan<byte> payload)
    {
        (Lender, _copy, _headerAt, _payloadAt) = (null, null, 0, 0);
        FrameHeader.Write(_header, key, 0, generation, payload);
        return TryWrite(wire, payload);
    }

    /// <summary>Makes the frame with this payload without writing any of it.</summary>
    public void Begin(FrameKey key, int generation, ReadOnlySpan<byte> payload)
    {
        (Lender, _copy, _headerAt, _payloadAt) = (null, null, 0, 0);
        FrameHeader.Write(_header, key, 0, generation, payload);
    }

    /// <summary>Copies what is still to be written of <paramref name="payload"/>, which is the caller's again afterwards.</summary>
    public void Keep(FramePool pool, ReadOnlySpan<byte> payload)
    {
        _copy = pool.Rent(payload.Length - _payloadAt);
        payload[_payloadAt..].CopyTo(_copy.Span);
        _payloadAt = 0;
    }

    /// <summary>Copies what is still to be written of the lent memory; the lender is not told.</summary>
    public void TakeOver(FramePool pool, int generation)
    {
        var payload = MemoryMarshal.AsBytes(_lent.Span);
        Seal(generation, payload);
        Keep(pool, payload);
        (Lender, _lent) = (null, default);
    }

    /// <summary>Writes as much as the wire takes at once.</summary>
    /// <returns>Whether that was all.</returns>
    public bool TryWrite(Wire wire, int generation)
    {
        if (_copy is not null) return TryWrite(wire, _copy.Span);
        var payload = MemoryMarshal.AsBytes(_lent.Span);
        Seal(generation, payload);
        return TryWrite(wire, payload);
    }

    /// <summary>Lets go of the payload.</summary>
    public void Clear()
    {
        _copy?.Dispose();
        (_copy, _lent, Lender) = (null, default, null);
    }

    private void Seal(int generation, ReadOnlySpan<byte> payload)
    {
        if (_headerAt >= 0) return;
        FrameHeader.Write(_header, _key, 0, generation, payload);
        _headerAt = 0;
    }

    private bool TryWrite(Wire wire, ReadOnlySpan<byte> payload)
    {
        while (true)
        {
            int left = FrameHeader.Size - _headerAt, written = wire.TryWrite(_header.AsSpan(_headerAt), payload[_payloadAt..]);
            _headerAt += Math.Min(written, left);
            _payloadAt += Math.Max(0, written - left);
            if (_headerAt == FrameHeader.Size && _payloadAt == payload.Length) return true;
            if (written == 0) return false;
        }
    }
}
